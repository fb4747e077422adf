"""Checking a change of status against a plain table of what may follow what."""

from collections.abc import Mapping
from typing import TypeVar, cast

State = TypeVar("State", bound=str)


class InvalidTransition(Exception):
    """The record has moved on since the page was opened. The message is fit for the person to read."""


def check_transition(current: str, target: State, transitions: Mapping[State, frozenset[State]]) -> None:
    """Raise InvalidTransition unless `target` may follow `current`."""
    if target not in transitions.get(cast("State", current), frozenset()):
        before, after = (getattr(type(target)(state), "label", state) for state in (current, target))
        message = f"This cannot change from “{before}” to “{after}”. Reload the page to see where it stands now."
        raise InvalidTransition(message)

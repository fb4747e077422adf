"""Finding a council by the name that somebody types. Names match whole: Oxford is not Oxfordshire."""

from datetime import date
from difflib import SequenceMatcher
from typing import NamedTuple

from cohort.models import Council

MOST_NEAR = 6
ALIKE = 0.75


class Matches(NamedTuple):
    """The councils that bear the name, or, where none does, those that may be meant: likeliest first."""

    exact: list[Council]
    near: list[Council]


def normalise(name: str) -> str:
    """Return the name as it is compared: case, spacing, punctuation and "&" make no difference, every word does."""
    plain = name.casefold().replace("&", " and ").replace("-", " ")
    return " ".join("".join(letter for letter in plain if letter.isalnum() or letter.isspace()).split())


def find_councils(text: str, day: date) -> Matches:
    """Find the councils that bore this short or official name on that day."""
    wanted = normalise(text)
    if not wanted:
        return Matches([], [])
    councils = list(Council.objects.existing_on(day))
    exact = [council for council in councils if wanted in names_of(council)]
    if exact:
        return Matches(exact, [])
    near = dict.fromkeys([*successors_of(wanted, day), *alike(wanted, councils)])
    return Matches([], list(near)[:MOST_NEAR])


def names_of(council: Council) -> set[str]:
    """Return the council's names as they are compared."""
    return {normalise(council.name), normalise(council.official_name)}


def find_ended(text: str, day: date) -> list[Council]:
    """Find the councils that bore this name and had ended by that day."""
    wanted = normalise(text)
    return [council for council in Council.objects.filter(ends_on__lt=day) if wanted in names_of(council)]


def successors_of(wanted: str, day: date) -> list[Council]:
    """Return the councils on that day that took over from one which bore the name before."""
    return list(Council.objects.existing_on(day).filter(predecessors__in=find_ended(wanted, day)).distinct())


def alike(wanted: str, councils: list[Council]) -> list[Council]:
    """Return the councils whose name shares all its words with this one or differs by a few letters; likeliest first."""
    scored = [(max(likeness(wanted, name) for name in names_of(council)), council) for council in councils]
    near = [(score, council) for score, council in scored if score >= ALIKE]
    return [council for _, council in sorted(near, key=lambda pair: (-pair[0], pair[1].name))]


def likeness(wanted: str, name: str) -> float:
    """Return the share of letters that two normalised names have in common, and 1 more where one holds all the other's words."""
    ours, theirs = set(wanted.split()), set(name.split())
    return SequenceMatcher(None, wanted, name).ratio() + (ours <= theirs or theirs <= ours)

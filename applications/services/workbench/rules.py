"""The rules of a scenario: how many from each group, and whom people keep in or out, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from applications.services.workbench.candidates import DIMENSIONS, label


@dataclass(frozen=True)
class Bound:
    """At least `low` and at most `high` of a group. None is no bound."""

    dimension: str
    group: str
    low: int | None = None
    high: int | None = None

    @property
    def name(self) -> str:
        """The group in words: "Nation or region: Wales"."""
        return f"{DIMENSIONS[self.dimension]}: {label(self.dimension, self.group)}"

    @property
    def in_words(self) -> str:
        """What the rule asks."""
        if self.low is not None and self.high is not None:
            return f"{self.name}, {self.low} to {self.high}"
        return f"{self.name}, at least {self.low}" if self.low is not None else f"{self.name}, at most {self.high}"

    def side(self, *, is_low: bool) -> "Bound":
        """Return one of its two sides."""
        return replace(self, high=None) if is_low else replace(self, low=None)

    def sides(self) -> Iterator[tuple[bool, "Bound"]]:
        """Yield the sides that it has, each with whether it is the lower one."""
        for is_low, limit in ((True, self.low), (False, self.high)):
            if limit is not None:
                yield is_low, self.side(is_low=is_low)

    def missed_by(self, number: int) -> int:
        """Return how many of the group are missing or too many."""
        return max(0, (self.low or 0) - number, 0 if self.high is None else number - self.high)


@dataclass(frozen=True)
class Lock:
    """A person's override: the candidate gets a place, or gets none, whatever the scores say."""

    application: int
    is_in: bool
    reason: str

    @property
    def side(self) -> str:
        """The override in words."""
        return "Kept in" if self.is_in else "Kept out"


@dataclass(frozen=True)
class Rules:
    """What was asked of the workbench beside the number of places. `reserves` is how many reserves there are to be."""

    bounds: tuple[Bound, ...] = ()
    locks: tuple[Lock, ...] = ()
    reserves: int = 0

    def written(self) -> dict[str, Any]:
        """Return what a scenario keeps as its rules."""
        return asdict(self)

    @classmethod
    def read(cls, rules: dict[str, Any]) -> "Rules":
        """Return the rules that a scenario keeps."""
        bounds, locks = (Bound(**each) for each in rules["bounds"]), (Lock(**each) for each in rules["locks"])
        return cls(tuple(bounds), tuple(locks), rules["reserves"])

    def lock_of(self, application: int) -> Lock | None:
        """Return the override of a candidate, if there is one."""
        return next((lock for lock in self.locks if lock.application == application), None)

    def missed(self, numbers: Mapping[tuple[str, str], int]) -> list[str]:
        """Return in words which bounds a set misses that has so many of each group, and by how much."""
        return [
            f"{side.in_words}: {by} too {'few' if is_low else 'many'}"
            for bound in self.bounds
            for is_low, side in bound.sides()
            if (by := side.missed_by(numbers.get((bound.dimension, bound.group), 0)))
        ]

    def about(self, applications: Iterable[int]) -> "Rules":
        """Return the same rules without the overrides of those who have left the field."""
        kept = set(applications)
        return replace(self, locks=tuple(lock for lock in self.locks if lock.application in kept))

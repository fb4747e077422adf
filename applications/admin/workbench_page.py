"""What the page of a scenario shows: its candidates, its prices and its alternatives, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from applications.models import Application, Scenario
from applications.services.scores import OUT_OF
from applications.services.workbench.calculation import Alternative, Result, Swap
from applications.services.workbench.candidates import Candidate, Field
from applications.services.workbench.rules import Lock, Rules
from applications.states import Recommendation
from upstream.accounts.models import User
from upstream.deadlines import counted

HALF_WIDTH = 1.96  # of a 95 % interval, in standard errors
SURE, OPEN = 0.95, 0.05  # a share of plausible scorings beyond which a place is as good as settled


@dataclass(frozen=True)
class Line:
    """A candidate as the table shows it."""

    candidate: Candidate
    council: str
    value: float | None
    rank: int | None  # of a reserve
    is_chosen: bool
    share: float | None
    swap: str
    lock: Lock | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The approximate 95 % interval of the adjusted score."""
        adjusted, error = self.candidate.adjusted, self.candidate.error
        if adjusted is None or error is None:
            return None
        return max(0, adjusted - HALF_WIDTH * error), min(OUT_OF, adjusted + HALF_WIDTH * error)

    @property
    def is_open(self) -> bool:
        """Whether plausible scorings differ about it."""
        return self.share is not None and OPEN < self.share < SURE

    @property
    def percent(self) -> int:
        """The share in whole per cent, where 100 and 0 mean always and never."""
        share = self.share or 0
        return round(100 * share) if share in {0, 1} else min(99, max(1, round(100 * share)))

    @property
    def region(self) -> str:
        """Its nation or region, in words."""
        return self.candidate.words("region")

    @property
    def kind(self) -> str:
        """Its kind, in words."""
        return self.candidate.words("kind")

    @property
    def control(self) -> str:
        """Its political control on the closing day, in words."""
        return self.candidate.words("control")

    @property
    def focus(self) -> str:
        """Its focus areas."""
        return self.candidate.words("focus")

    @property
    def recommendation(self) -> str:
        """What the panel's meeting said of it."""
        return Recommendation(self.candidate.recommendation).label if self.candidate.recommendation else ""


@dataclass(frozen=True)
class Shown:
    """A scenario ready for its page. `councils` are names by EoI."""

    scenario: Scenario
    field: Field
    rules: Rules
    result: Result
    councils: dict[int, str]

    @property
    def chosen(self) -> int:
        """How many get a place."""
        return len(self.result.chosen)

    @cached_property
    def lines(self) -> list[Line]:
        """Return the candidates: those chosen, then reserves in order, then the rest, each from the highest score."""
        ranks = {pk: rank for rank, pk in enumerate(self.result.reserves, 1)}
        lines = [self._line(candidate, ranks) for candidate in self.field.candidates]
        return sorted(
            lines,
            key=lambda line: (not line.is_chosen, line.rank or len(lines) + 1, -(line.value or 0), line.candidate.reference),
        )

    def names(self, keys: Iterable[int]) -> str:
        """Return the councils of some EoIs in one phrase."""
        return joined([self.councils[pk] for pk in keys])

    def prices(self) -> list[tuple[str, float, bool]]:
        """Return each side of a bound that costs something, in words, with what it costs and whether it is met."""
        missed = {(each.bound, each.is_short) for each in self.result.unmet}
        return [
            (self.rules.bounds[each.bound].side(is_low=each.is_low).in_words, each.points, (each.bound, each.is_low) not in missed)
            for each in self.result.prices
        ]

    def bounds(self) -> list[tuple[str, float]]:
        """Return every side of every bound in words, with what it costs."""
        prices = {(price.bound, price.is_low): price.points for price in self.result.prices}
        return [(side.in_words, prices.get((i, is_low), 0)) for i, bound in enumerate(self.rules.bounds) for is_low, side in bound.sides()]

    def unmet(self) -> list[str]:
        """Return the rules that cannot be met, each with by how much."""
        return self.rules.missed(self.field.numbers(self.result.chosen))

    def overrides(self) -> list[tuple[str, Lock, float]]:
        """Return each override with its council and its price."""
        return [(self.councils[lock.application], lock, self.result.lock_prices.get(lock.application, 0)) for lock in self.rules.locks]

    def alternatives(self) -> list[tuple[float, str]]:
        """Return the next sets: how much less each is worth, and how it differs."""
        return [(self.result.total - each.total, self._difference(each)) for each in self.result.alternatives]

    def remarks(self) -> list[str]:
        """Return what is odd about the rules as a whole, in sentences."""
        found = []
        locked = {lock.application for lock in self.rules.locks}
        unscored = [line.candidate.reference for line in self.lines if line.value is None and not line.lock]
        if unscored:
            left_out = "it stays out unless you keep it in" if len(unscored) == 1 else "they stay out unless you keep them in"
            found.append(f"No score counts for {joined(unscored)}, so {left_out}.")
        if not self.scenario.places:
            found.append("There are no places, so nobody is chosen. Enter how many places there are.")
        elif locked >= set(self.councils):
            found.append("Every candidate is kept in or out by a person, so the scores decide nothing.")
        elif self.chosen < self.scenario.places:
            left = counted(self.scenario.places - self.chosen, "place")
            found.append(f"{left} of {self.scenario.places} left empty: there is nobody else whom scores, bounds and overrides let in.")
        return found

    def _line(self, candidate: Candidate, ranks: dict[int, int]) -> Line:
        pk = candidate.application
        is_chosen, swap = pk in self.result.chosen, self.result.swaps.get(pk)
        full = "Overrides take every place." if self.scenario.places else ""
        return Line(
            candidate=candidate,
            council=self.councils[pk],
            value=candidate.value(self.scenario.basis),
            rank=ranks.get(pk),
            is_chosen=is_chosen,
            share=self.result.shares.get(pk),
            swap=self._swap(swap, is_chosen=is_chosen) if swap else full,
            lock=self.rules.lock_of(pk),
        )

    def _swap(self, swap: Swap, *, is_chosen: bool) -> str:
        """Return what turning one candidate's outcome round means."""
        leaves, enters = self.names(swap.leaves), self.names(swap.enters)
        if is_chosen:
            words = f"Without it {enters} would get the place" if enters else "Without it the place stays empty"
            if leaves:
                words += f" and {leaves} would lose theirs"
        else:
            words = f"To include it you give up {leaves}" if leaves else "To include it you give up nobody"
            if enters:
                words += f" and {enters} would come in too"
        broken = f", and the rules are missed by {swap.breaks} more" if swap.breaks > 0 else ""
        return f"{words}; {self._cost(swap.cost)}{broken}."

    def _cost(self, cost: float) -> str:
        if round(cost, 1) > 0:
            return f"cost {cost:.1f} points of {self.result.total:,.1f}"
        return "no cost" if round(cost, 1) == 0 else f"{-cost:.1f} points more"

    def _difference(self, other: Alternative) -> str:
        if other.leaves and other.enters:
            return f"{self.names(other.enters)} instead of {self.names(other.leaves)}"
        return f"without {self.names(other.leaves)}" if other.leaves else f"{self.names(other.enters)} as well"


def shown(scenario: Scenario, user: User) -> Shown:
    """Return the scenario ready for its page: one query, for the councils' names."""
    return shown_together([scenario], user)[0]


def shown_together(scenarios: list[Scenario], user: User) -> list[Shown]:
    """Return several scenarios of one call ready to be compared: one query for all."""
    fields = [Field.read(scenario.inputs) for scenario in scenarios]
    references = {candidate.application: candidate.reference for field in fields for candidate in field.candidates}
    seen: Any = Application.objects.visible_to(user).filter(pk__in=references).values_list("pk", "council__name")
    councils = references | dict(seen)
    return [
        Shown(
            scenario,
            field,
            Rules.read(scenario.rules),
            Result.read(scenario.result),
            {candidate.application: councils[candidate.application] for candidate in field.candidates},
        )
        for scenario, field in zip(scenarios, fields, strict=True)
    ]


def joined(names: list[str]) -> str:
    """Return names as a phrase: "A, B and C"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""

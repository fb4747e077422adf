"""Who gets the places: the best set that the rules allow.

    maximise  sum v_i x_i - M sum u_g     subject to  sum x_i <= places
                                                      low_g - u_g <= sum_{i in g} x_i <= high_g + u_g for every bound g
                                                      x_i = 1 where locked in, x_i = 0 where locked out

There always is one. Bounds that cannot all be met are broken by as little as can be, counted in candidates, and named. Places are
never exceeded, except by more candidates locked in than there are. Of equally good sets the lots drawn from the seed take the one
with the first in their order, if any of them has it; of those, the one with the second, if any has it; and so on. As two different
sets differ in somebody, the answer is unique, and the order in which candidates are given changes nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from applications.selection.calibration import Marks
from applications.selection.lottery import drawn
from applications.selection.programmes import Programmes, Whole


@dataclass(frozen=True, slots=True)
class Candidate:
    """An application, and all groups that it is in. Its value is a whole number, say of thousandths of a point, so that sums are exact."""

    application: int
    value: int
    groups: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.value < 0:
            message = "A value is not below 0."
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Bound:
    """How many of a group there have to be, and may be."""

    group: str
    low: int = 0
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of a set. Who is locked both in and out is out."""

    places: int
    bounds: tuple[Bound, ...] = ()
    locked_in: frozenset[int] = frozenset()
    locked_out: frozenset[int] = frozenset()


class Kind(StrEnum):
    """What a single rule asks."""

    PLACES = "places"
    AT_LEAST = "at least"
    AT_MOST = "at most"
    LOCKED_IN = "locked in"
    LOCKED_OUT = "locked out"


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the rules: the places, one side of a bound, or a lock."""

    kind: Kind
    limit: int = 0
    group: str = ""
    application: int | None = None


@dataclass(frozen=True, slots=True)
class Unmet:
    """A rule that is not met, and by how many candidates."""

    rule: Rule
    by: int


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A set of candidates, what it is worth, and the rules that it does not meet."""

    chosen: frozenset[int]
    total: int
    unmet: tuple[Unmet, ...]
    seed: int

    @property
    def broken(self) -> int:
        """Return by how many candidates bounds are broken, all together."""
        return sum(unmet.by for unmet in self.unmet if unmet.rule.group)


@dataclass(frozen=True, slots=True)
class Promotion:
    """Who enters where others declined, the best first, with the set and the rules it does not meet before and after."""

    enters: tuple[int, ...]
    before: Portfolio
    after: Portfolio


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """Candidates in the order of their lots, and who is in the groups that rules are about: everybody, then one for each bound."""

    candidates: tuple[Candidate, ...]
    values: Whole
    members: Whole  # a row for each group, a column for each candidate
    seed: int

    def choices(self, variants: Sequence[Rules]) -> list[Portfolio]:
        """Return the best set under each of these rules, which have bounds on the same groups in the same order."""
        programmes = self.programmes(variants)
        marks = programmes.first(np.tile(self.values, (len(variants), 1)))
        return [self.portfolio(chosen, rules) for chosen, rules in zip(marks, variants, strict=True)]

    def programmes(self, variants: Sequence[Rules]) -> Programmes:
        """Return what is to be solved for each of these rules."""
        count, applications = len(self.candidates), [candidate.application for candidate in self.candidates]
        column = {application: place for place, application in enumerate(applications)}
        least = np.zeros((len(variants), count), dtype=np.int64)
        most = np.ones_like(least)
        limits = np.zeros((2, len(variants), len(self.members)), dtype=np.int64)
        for row, rules in enumerate(variants):
            least[row, [column[application] for application in rules.locked_in - rules.locked_out if application in column]] = 1
            most[row, [column[application] for application in rules.locked_out if application in column]] = 0
            lows = [0, *(bound.low for bound in rules.bounds)]
            highs = [max(rules.places, least[row].sum()), *(count if bound.high is None else bound.high for bound in rules.bounds)]
            # What is beyond all numbers of candidates can as well be at their end. Where the low limit is above the high one, so
            # many are always broken between them, and more only outside: as if the limits were the other way round.
            limits[:, row] = np.sort(np.clip([lows, highs], 0, count), axis=0)
        return Programmes(self.members, limits[0], limits[1], least, most)

    def portfolio(self, marks: Marks, rules: Rules) -> Portfolio:
        """Return a set with what it is worth and what it does not meet."""
        chosen = frozenset(candidate.application for candidate, mark in zip(self.candidates, marks.tolist(), strict=True) if mark)
        counts = (self.members @ marks).tolist()
        return Portfolio(chosen, int(self.values @ marks), tuple(_unmet(rules, counts, chosen)), self.seed)

    def marks(self, chosen: Collection[int]) -> Marks:
        """Return who of the candidates is chosen."""
        return np.array([candidate.application in chosen for candidate in self.candidates], dtype=bool)


def contest(candidates: Collection[Candidate], rules: Rules, seed: int) -> Contest:
    """Draw the lots, and lay out who is in which group."""
    given = {candidate.application: candidate for candidate in candidates}
    if len(given) < len(candidates):
        message = "An application can be a candidate only once."
        raise ValueError(message)
    ordered = tuple(given[application] for application in drawn(seed, given))
    members = np.ones((1 + len(rules.bounds), len(ordered)), dtype=np.int64)
    for row, bound in enumerate(rules.bounds, start=1):
        members[row] = [bound.group in candidate.groups for candidate in ordered]
    return Contest(ordered, np.array([candidate.value for candidate in ordered], dtype=np.int64), members, seed)


def choose(candidates: Collection[Candidate], rules: Rules, seed: int) -> Portfolio:
    """Return the set that gets the places."""
    return contest(candidates, rules, seed).choices([rules])[0]


def promote(candidates: Collection[Candidate], rules: Rules, chosen: Collection[int], declined: Collection[int], seed: int) -> Promotion:
    """Return who enters for those who declined: the best set without them that has all the others who were chosen."""
    drawing = contest(candidates, rules, seed)
    stay = (rules.locked_in | frozenset(chosen)) - frozenset(declined)
    after = drawing.choices([replace(rules, locked_in=stay, locked_out=rules.locked_out | frozenset(declined))])[0]
    enters = after.chosen - frozenset(chosen)
    ordered = sorted(drawing.candidates, key=lambda candidate: -candidate.value)  # and by lot where equal, as they were
    return Promotion(
        enters=tuple(candidate.application for candidate in ordered if candidate.application in enters),
        before=drawing.portfolio(drawing.marks(chosen), rules),
        after=after,
    )


def reserves(candidates: Collection[Candidate], rules: Rules, chosen: Collection[int], seed: int, count: int) -> tuple[int, ...]:
    """Return who is next in order: each time whoever makes the best set with all before them, had there been one more place.

    Bounds are broken as little as can be, but one place more is one candidate more. The order holds while it is not known who will
    decline. Who enters in the end depends on who did, and on the rules without them: `promote` says.
    """
    drawing = contest(candidates, rules, seed)
    marks, members = drawing.marks(chosen), drawing.members[1:]
    barred = marks | drawing.marks(rules.locked_out)
    low = np.array([[bound.low] for bound in rules.bounds], dtype=np.int64).reshape(-1, 1)
    high = np.array([len(marks) if bound.high is None else bound.high for bound in rules.bounds], dtype=np.int64).reshape(-1, 1)
    order: list[int] = []
    while len(order) < count and not barred.all():
        counts = (members @ marks)[:, None] + members  # of each bound's group with each candidate
        broken = (np.maximum(low - counts, 0) + np.maximum(counts - high, 0)).sum(axis=0)
        best = np.lexsort((-drawing.values, broken, barred))[0]  # and the first by lot of those that are equal
        marks[best] = barred[best] = True
        order.append(drawing.candidates[best].application)
    return tuple(order)


def _unmet(rules: Rules, counts: Sequence[int], chosen: Collection[int]) -> Iterator[Unmet]:
    """Yield what a set with so many of everybody, and of each bound's group, does not meet."""
    everybody, *of_groups = counts
    if everybody > rules.places:
        yield Unmet(Rule(Kind.PLACES, rules.places), everybody - rules.places)
    for bound, count in zip(rules.bounds, of_groups, strict=True):
        if count < bound.low:
            yield Unmet(Rule(Kind.AT_LEAST, bound.low, bound.group), bound.low - count)
        if bound.high is not None and count > bound.high:
            yield Unmet(Rule(Kind.AT_MOST, bound.high, bound.group), count - bound.high)
    for application in sorted(rules.locked_in - frozenset(chosen)):
        yield Unmet(Rule(Kind.LOCKED_IN, application=application), 1)

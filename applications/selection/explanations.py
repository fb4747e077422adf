"""Why this set: what the rules cost, what each candidate would cost, and which sets come next.

Everything is the difference to the best set under other rules: without the bounds, without one rule, with one candidate more locked
in or out. A lock more leaves fewer sets to choose from, so that it never makes the best one better, and a rule fewer never makes it
worse. (Only where more are locked in than there are places, a lock fewer is also a candidate fewer.)
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import islice

from applications.selection.portfolio import Bound, Candidate, Contest, Kind, Portfolio, Rule, Rules, contest

# How a set ranks: by bounds broken, then by its total, then by who has the first lots.
Rank = tuple[int, int, tuple[bool, ...]]


@dataclass(frozen=True, slots=True)
class Swap:
    """What it costs to include a candidate who is not chosen, or to leave out one who is, and who else changes with them.

    Where `broken` more bounds are broken, counted in candidates, the cost can be below 0: that is what breaking them would bring.
    """

    application: int
    cost: int
    broken: int
    enters: frozenset[int]
    leaves: frozenset[int]


@dataclass(frozen=True, slots=True)
class Price:
    """What a rule costs: the gain without it, and who would change.

    Where bounds are broken and `mended` of that, counted in candidates, could be made good without the rule, the gain can be below 0.
    """

    rule: Rule
    gain: int
    mended: int
    enters: frozenset[int]
    leaves: frozenset[int]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The set that is chosen, and what can be said about it. Rules that cost nothing have no price, and locked candidates no swap."""

    portfolio: Portfolio
    unbound: Portfolio  # the best set by places and locks alone
    prices: tuple[Price, ...]  # the highest first
    swaps: tuple[Swap, ...]  # the cheapest first
    runners_up: tuple[Portfolio, ...]  # the next best sets in order

    @property
    def price_of_spread(self) -> int:
        """Return what all bounds together cost."""
        return self.unbound.total - self.portfolio.total

    @property
    def percentage_of_spread(self) -> float:
        """Return the price of spread in per cent of what the set would be worth without it."""
        return 100 * self.price_of_spread / self.unbound.total if self.unbound.total else 0.0


def explain(candidates: Collection[Candidate], rules: Rules, seed: int, runners_up: int = 5) -> Explanation:
    """Return the set that is chosen, and why."""
    drawing = contest(candidates, rules, seed)
    singles = tuple(dict.fromkeys(_singles(rules)))
    unbound = replace(rules, bounds=tuple(Bound(bound.group) for bound in rules.bounds))
    best, free, *relieved = drawing.choices([rules, unbound, *(_without(rules, single) for single in singles)])
    prices = [_price(single, best, other) for single, other in zip(singles, relieved, strict=True)]
    flipped = _flipped(drawing, rules, best)
    return Explanation(
        portfolio=best,
        unbound=free,
        prices=tuple(sorted((price for price in prices if price.gain or price.mended), key=lambda price: (-price.mended, -price.gain))),
        swaps=tuple(sorted((_swap(application, best, other) for application, other in flipped.items()), key=_dearness)),
        runners_up=tuple(islice(_runners_up(drawing, rules, best, flipped, runners_up), runners_up)),
    )


def _singles(rules: Rules) -> Iterator[Rule]:
    """Yield the rules that could be done without, one by one."""
    for bound in rules.bounds:
        if bound.low > 0:
            yield Rule(Kind.AT_LEAST, bound.low, bound.group)
        if bound.high is not None:
            yield Rule(Kind.AT_MOST, bound.high, bound.group)
    yield from (Rule(Kind.LOCKED_IN, application=application) for application in sorted(rules.locked_in))
    yield from (Rule(Kind.LOCKED_OUT, application=application) for application in sorted(rules.locked_out))


def _without(rules: Rules, single: Rule) -> Rules:
    """Return the rules without one of them. Who was locked out is then free, even if locked in as well."""
    lock = {single.application}
    match single.kind:
        case Kind.LOCKED_IN:
            return replace(rules, locked_in=rules.locked_in - lock)
        case Kind.LOCKED_OUT:
            return replace(rules, locked_in=rules.locked_in - lock, locked_out=rules.locked_out - lock)
    return replace(rules, bounds=tuple(_relieved(bound, single) for bound in rules.bounds))


def _relieved(bound: Bound, single: Rule) -> Bound:
    """Return a bound without the side of it that the rule is about, if it is about this one."""
    if single == Rule(Kind.AT_LEAST, bound.low, bound.group):
        return replace(bound, low=0)
    if bound.high is not None and single == Rule(Kind.AT_MOST, bound.high, bound.group):
        return replace(bound, high=None)
    return bound


def _flipped(drawing: Contest, rules: Rules, best: Portfolio) -> dict[int, Portfolio]:
    """Return the best set with each candidate who is not chosen, and without each who is, where no lock says otherwise."""
    variants = {}
    # Nobody else can be included where locks take all places.
    full = len(best.chosen & rules.locked_in) >= rules.places
    for candidate in drawing.candidates:
        alone = frozenset({candidate.application})
        if alone & (rules.locked_in | rules.locked_out):
            continue
        if alone <= best.chosen:
            variants[candidate.application] = replace(rules, locked_out=rules.locked_out | alone)
        elif not full:
            variants[candidate.application] = replace(rules, locked_in=rules.locked_in | alone)
    return dict(zip(variants, drawing.choices(list(variants.values())), strict=True))


def _price(single: Rule, best: Portfolio, other: Portfolio) -> Price:
    broken = sum(unmet.by for unmet in best.unmet if unmet.rule.group and unmet.rule != single)
    return Price(single, other.total - best.total, broken - other.broken, other.chosen - best.chosen, best.chosen - other.chosen)


def _swap(application: int, best: Portfolio, other: Portfolio) -> Swap:
    cost, broken = best.total - other.total, other.broken - best.broken
    return Swap(application, cost, broken, other.chosen - best.chosen, best.chosen - other.chosen)


def _dearness(swap: Swap) -> tuple[int, int]:
    return swap.broken, swap.cost


def _runners_up(drawing: Contest, rules: Rules, best: Portfolio, flipped: dict[int, Portfolio], count: int) -> Iterator[Portfolio]:
    """Yield the next best sets in order, `count` of them at least, if there are.

    The other sets are those that differ from the best in the first candidate, those that agree in the first and differ in the
    second, and so on. The best of each such part is found, the best of all comes next, and its part is parted in the same way
    (Lawler 1972). Few candidates have to be gone through: a set that differs in one is no better than the best that does, and so
    those whose best is not even among the first `count` of all these are in or out in all sets to come as they are in the best.
    """

    def rank(portfolio: Portfolio) -> Rank:
        return portfolio.broken, -portfolio.total, tuple(one.application not in portfolio.chosen for one in drawing.candidates)

    ranks = {application: rank(portfolio) for application, portfolio in flipped.items()}
    near = set(sorted(set(ranks.values()))[:count])
    doubtful = [application for application in flipped if ranks[application] in near]
    most = max(rules.places, len(best.chosen))
    parts = [(rank(best), best, frozenset(one.application for one in drawing.candidates) - frozenset(doubtful))]
    while parts:
        _, found, agreed = heappop(parts)
        if found is not best:
            yield found
        halves = []
        for application in doubtful:
            if application not in agreed:
                inside, outside, alone = agreed & found.chosen, agreed - found.chosen, frozenset({application})
                inside, outside = (inside, outside | alone) if application in found.chosen else (inside | alone, outside)
                agreed |= alone
                if len(inside) <= most:
                    half = replace(rules, locked_in=rules.locked_in | inside, locked_out=rules.locked_out | outside)
                    halves.append((half, agreed))
        for of_half, (_, settled) in zip(drawing.choices([half for half, _ in halves]), halves, strict=True):
            heappush(parts, (rank(of_half), of_half, settled))

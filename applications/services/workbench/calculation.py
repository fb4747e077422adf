"""What the mathematics makes of a field and its rules, as a scenario keeps it: the set, and all that explains it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from applications.services.workbench.candidates import Field
from applications.services.workbench.rules import Rules

if TYPE_CHECKING:
    from applications.selection.portfolio import Bound, Candidate
    from applications.selection.portfolio import Rules as Asked


@dataclass(frozen=True)
class Unmet:
    """A rule that cannot be met, by its place among the bounds: `by` too few where it is short, else too many."""

    bound: int
    by: int
    is_short: bool


@dataclass(frozen=True)
class Price:
    """How many points more the set would have without one side of a bound, and how much of what is missed that would make good."""

    bound: int
    is_low: bool
    points: float
    mended: int


@dataclass(frozen=True)
class Swap:
    """What it costs to turn one candidate's outcome round, who would leave and who would enter. `breaks` counts rules' units then unmet."""

    cost: float
    leaves: tuple[int, ...]
    enters: tuple[int, ...]
    breaks: int = 0


@dataclass(frozen=True)
class Alternative:
    """Another set: its total, and how it differs from the chosen one."""

    total: float
    leaves: tuple[int, ...]
    enters: tuple[int, ...]


@dataclass(frozen=True)
class Result:
    """The chosen set and its explanations. Totals are sums of scores; `shares` is how often each is chosen among plausible scorings."""

    chosen: frozenset[int] = frozenset()
    reserves: tuple[int, ...] = ()
    total: float = 0
    free_total: float = 0  # without any bound
    unmet: tuple[Unmet, ...] = ()
    prices: tuple[Price, ...] = ()
    lock_prices: Mapping[int, float] = field(default_factory=dict)
    swaps: Mapping[int, Swap] = field(default_factory=dict)
    shares: Mapping[int, float] = field(default_factory=dict)
    draws: int = 0
    alternatives: tuple[Alternative, ...] = ()

    @property
    def price_of_spread(self) -> float:
        """How many points the bounds cost."""
        return self.free_total - self.total

    @property
    def price_of_spread_percent(self) -> float:
        """The price of spread in per cent of what would be without bounds."""
        return 100 * self.price_of_spread / self.free_total if self.free_total else 0

    def written(self) -> dict[str, Any]:
        """Return what a scenario keeps as its result. JSON has neither sets nor numbers as keys."""
        return asdict(self) | {
            "chosen": sorted(self.chosen),
            "lock_prices": list(self.lock_prices.items()),
            "swaps": [[pk, asdict(swap)] for pk, swap in self.swaps.items()],
            "shares": list(self.shares.items()),
        }

    @classmethod
    def read(cls, result: dict[str, Any]) -> "Result":
        """Return the result that a scenario keeps."""
        return cls(
            chosen=frozenset(result["chosen"]),
            reserves=tuple(result["reserves"]),
            total=result["total"],
            free_total=result["free_total"],
            unmet=tuple(Unmet(**each) for each in result["unmet"]),
            prices=tuple(Price(**each) for each in result["prices"]),
            lock_prices=dict(result["lock_prices"]),
            swaps={pk: Swap(swap["cost"], tuple(swap["leaves"]), tuple(swap["enters"]), swap["breaks"]) for pk, swap in result["swaps"]},
            shares=dict(result["shares"]),
            draws=result["draws"],
            alternatives=tuple(Alternative(each["total"], tuple(each["leaves"]), tuple(each["enters"])) for each in result["alternatives"]),
        )


UNITS = 1000  # a score in whole numbers, so that sums are exact


def calculate(field_of: Field, rules: Rules, *, places: int, basis: str, seed: int) -> Result:
    """Choose the best set under the rules and work out what explains it."""
    import numpy as np

    from applications.selection.explanations import explain
    from applications.selection.portfolio import Kind, reserves
    from applications.selection.robustness import robustness

    candidates, rules_asked = asked(field_of, rules, places=places, basis=basis)
    found = explain(candidates, rules_asked, seed)
    chosen = found.portfolio.chosen
    at = {_group(bound.dimension, bound.group): i for i, bound in enumerate(rules.bounds)}
    lock_prices = {price.rule.application: price.gain / UNITS for price in found.prices if price.rule.application is not None}
    errors = np.array([(each.error or 0) * UNITS for each in field_of.candidates])
    drawn = robustness(candidates, rules_asked, errors, seed) if errors.any() else None
    return Result(
        chosen=chosen,
        reserves=reserves(candidates, rules_asked, chosen, seed, rules.reserves),
        total=found.portfolio.total / UNITS,
        free_total=found.unbound.total / UNITS,
        unmet=tuple(
            Unmet(at[each.rule.group], each.by, each.rule.kind == Kind.AT_LEAST) for each in found.portfolio.unmet if each.rule.group
        ),
        prices=tuple(
            Price(at[each.rule.group], each.rule.kind == Kind.AT_LEAST, each.gain / UNITS, each.mended)
            for each in found.prices
            if each.rule.group
        ),
        lock_prices={lock.application: lock_prices.get(lock.application, 0) for lock in rules.locks},
        swaps={
            each.application: Swap(
                each.cost / UNITS,
                _others(each.leaves, each.application),
                _others(each.enters, each.application),
                each.broken,
            )
            for each in found.swaps
        },
        shares=dict(sorted(drawn.shares.items())) if drawn else {},
        draws=drawn.draws if drawn else 0,
        alternatives=tuple(
            Alternative(other.total / UNITS, tuple(sorted(chosen - other.chosen)), tuple(sorted(other.chosen - chosen)))
            for other in found.runners_up
        ),
    )


def asked(field_of: Field, rules: Rules, *, places: int, basis: str) -> "tuple[list[Candidate], Asked]":
    """Return the candidates and the rules as the mathematics reads them. Who has no score is locked out, unless a person keeps it in."""
    from applications.selection.portfolio import Candidate
    from applications.selection.portfolio import Rules as Asked

    candidates = [
        Candidate(each.application, round((each.value(basis) or 0) * UNITS), frozenset(_group(*group) for group in each.groups()))
        for each in field_of.candidates
    ]
    unscored = {each.application for each in field_of.candidates if each.value(basis) is None}
    kept_in = frozenset(lock.application for lock in rules.locks if lock.is_in)
    kept_out = frozenset(lock.application for lock in rules.locks if not lock.is_in)
    return candidates, Asked(places, _bounds(rules), kept_in, kept_out | (unscored - kept_in))


def _bounds(rules: Rules) -> "tuple[Bound, ...]":
    from applications.selection.portfolio import Bound

    return tuple(Bound(_group(each.dimension, each.group), each.low or 0, each.high) for each in rules.bounds)


def _group(dimension: str, value: str) -> str:
    return f"{dimension}:{value}"


def _others(keys: frozenset[int], application: int) -> tuple[int, ...]:
    return tuple(sorted(keys - {application}))

"""What the mathematics makes of a field and its rules, as a scenario keeps it: the set, and all that explains it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from applications.services.workbench.candidates import Field
from applications.services.workbench.rules import Rules


@dataclass(frozen=True)
class Unmet:
    """A rule that cannot be met, by its place among the bounds: `by` too few where it is short, else too many."""

    bound: int
    by: int
    is_short: bool


@dataclass(frozen=True)
class Price:
    """How many points more the set would have without one bound, by its place among the bounds."""

    bound: int
    points: float


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


UNITS = 10_000  # a score in whole numbers, so that sums are exact
DRAWS = 200
ALTERNATIVES = 5


def calculate(candidates: Field, rules: Rules, *, places: int, basis: str, seed: int) -> Result:
    """Choose the best set under the rules and work out what explains it."""
    import numpy as np

    from applications.selection.choosing import Marks, Programme, best, plausible

    field_of = candidates.candidates
    keys = [candidate.application for candidate in field_of]
    values = np.array([round((candidate.value(basis) or 0) * UNITS) for candidate in field_of], dtype=np.int64)
    locks = [rules.lock_of(pk) for pk in keys]
    # Who has no score is left out of the calculation, unless a person keeps it in.
    unscored = [candidate.value(basis) is None for candidate in field_of]
    members = [[(bound.dimension, bound.group) in candidate.groups() for candidate in field_of] for bound in rules.bounds]
    count = len(keys)
    programme = Programme(
        values=values,
        places=places,
        members=np.array(members, dtype=np.int64).reshape(len(members), count),
        low=np.array([bound.low or 0 for bound in rules.bounds], dtype=np.int64),
        high=np.array([count if bound.high is None else bound.high for bound in rules.bounds], dtype=np.int64),
        least=np.array([bool(lock and lock.is_in) for lock in locks], dtype=np.int64),
        most=np.array([lock.is_in if lock else not missing for lock, missing in zip(locks, unscored, strict=True)], dtype=np.int64),
        lots=np.random.default_rng(seed).permutation(count).astype(np.int64) + 1,
    )
    chosen = best(programme, lots=True)
    if chosen is None:
        message = "More are kept in than there are places."
        raise ValueError(message)

    def named(marks: Marks) -> tuple[int, ...]:
        return tuple(pk for pk, mark in zip(keys, marks, strict=True) if mark)

    def turned(i: int) -> Swap | None:
        other = best(programme.forced(i, int(not chosen[i])))
        if other is None:
            return None
        breaks = programme.broken(other) - programme.broken(chosen)
        out, into = chosen & ~other, other & ~chosen
        out[i] = into[i] = False
        return Swap((programme.worth(chosen) - programme.worth(other)) / UNITS, named(out), named(into), breaks)

    def gain(other: Programme) -> float:
        found = best(other)
        return 0.0 if found is None else (other.worth(found) - programme.worth(chosen)) / UNITS

    free = programme
    for bound in reversed(range(len(rules.bounds))):
        free = free.without(bound)
    counts = programme.members @ chosen
    misses = programme.misses(chosen).tolist()
    binding = [
        i for i, bound in enumerate(rules.bounds) if counts[i] <= (bound.low or 0) or (bound.high is not None and counts[i] >= bound.high)
    ]
    errors = np.array([(candidate.error or 0) * UNITS for candidate in field_of])
    is_uncertain = bool((errors > 0).any())
    shares = plausible(programme, errors, DRAWS, seed).tolist() if is_uncertain else []
    swaps = {keys[i]: swap for i in range(count) if not locks[i] and not unscored[i] and (swap := turned(i))}
    alternatives, others = [], programme.other_than(chosen)
    while len(alternatives) < ALTERNATIVES and (other := best(others)) is not None:
        alternatives.append(Alternative(programme.worth(other) / UNITS, named(chosen & ~other), named(other & ~chosen)))
        others = others.other_than(other)
    waiting = [i for i in range(count) if not chosen[i] and not locks[i] and not unscored[i]]
    reserves = sorted(waiting, key=lambda i: (-values[i], -programme.lots[i]))[: rules.reserves]
    return Result(
        chosen=frozenset(named(chosen)),
        reserves=tuple(keys[i] for i in reserves),
        total=programme.worth(chosen) / UNITS,
        free_total=programme.worth(chosen) / UNITS + gain(free),
        unmet=tuple(Unmet(i, abs(by), by < 0) for i, by in enumerate(misses) if by),
        prices=tuple(Price(i, points) for i in binding if (points := gain(programme.without(i))) > 0 or misses[i]),
        lock_prices={keys[i]: gain(programme.freed(i)) for i in range(count) if locks[i]},
        swaps=swaps,
        shares=dict(zip(keys, shares, strict=True)) if is_uncertain else {},
        draws=DRAWS if is_uncertain else 0,
        alternatives=tuple(alternatives),
    )

"""Choosing who gets a place, exactly, by integer programming.

    maximise  sum v_i x_i - M sum u        x binary
              sum x_i <= places
              low_g - u_g <= sum_{i in g} x_i <= high_g + u_g

Values are whole numbers, so that equal ones are equal. M outweighs every set, so rules give way only where nothing meets them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp

Whole = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]
LOTS = 2**20  # what a seeded lot may be worth, where sets are equal


@dataclass(frozen=True)
class Programme:
    """Places, groups with their bounds, and who has to be in (`least` 1) or out (`most` 0). A row of `members` for each bound."""

    values: Whole
    places: int
    members: Whole
    low: Whole
    high: Whole
    least: Whole
    most: Whole
    lots: Whole
    cuts: tuple[tuple[Whole, int], ...] = ()

    def forced(self, candidate: int, side: int) -> "Programme":
        """Return the same with one candidate in or out."""
        least, most = self.least.copy(), self.most.copy()
        least[candidate] = most[candidate] = side
        return replace(self, least=least, most=most)

    def freed(self, candidate: int) -> "Programme":
        """Return the same without what is asked of one candidate."""
        least, most = self.least.copy(), self.most.copy()
        least[candidate], most[candidate] = 0, 1
        return replace(self, least=least, most=most)

    def without(self, bound: int) -> "Programme":
        """Return the same without one bound."""
        return replace(self, **{name: np.delete(getattr(self, name), bound, axis=0) for name in ("members", "low", "high")})

    def other_than(self, chosen: Marks) -> "Programme":
        """Return the same where this set does not count."""
        sign = np.where(chosen, -1, 1)
        return replace(self, cuts=(*self.cuts, (sign, 1 - int(chosen.sum()))))

    def misses(self, chosen: Marks) -> Whole:
        """Return for each bound by how many the set misses it: below nought where it has too few, above where too many."""
        counts = self.members @ chosen.astype(np.int64)
        return np.minimum(counts - self.low, 0) + np.maximum(counts - self.high, 0)

    def broken(self, chosen: Marks) -> int:
        """Return by how many the set misses the bounds in all."""
        return int(np.abs(self.misses(chosen)).sum())

    def worth(self, chosen: Marks) -> int:
        """Return the sum of the values."""
        return int(self.values[chosen].sum())


def best(programme: Programme, *, lots: bool = False) -> Marks | None:
    """Return the best set, or None where the cuts and forced ones leave none. With `lots`, equal sets are parted by lot."""
    values = programme.values
    penalty = (int(np.abs(values).max(initial=0)) + 1) * (len(values) + 1)
    chosen = _solved(programme, values, penalty)
    if chosen is None or not lots:
        return chosen
    # Equal sets: as good by rules and values, and of them the one with the highest lots.
    slack, worth = programme.broken(chosen), programme.worth(chosen)
    parted = _solved(programme, programme.lots, 0, floor=(values, worth), slack=slack)
    return chosen if parted is None else parted


def _solved(
    programme: Programme, gain: Whole, penalty: int, floor: tuple[Whole, int] | None = None, slack: int | None = None
) -> Marks | None:
    n, rules = len(gain), len(programme.low)
    if n == 0:
        return np.zeros(0, dtype=bool)
    room = np.eye(rules)
    nothing = np.zeros(rules)
    rows: list[tuple[Sequence[float] | npt.NDArray[np.float64], float, float]] = [
        (np.concatenate([np.ones(n), nothing]), -np.inf, programme.places)
    ]
    rows += [
        (np.concatenate([members, each]), low, np.inf) for members, each, low in zip(programme.members, room, programme.low, strict=True)
    ]
    rows += [
        (np.concatenate([members, -each]), -np.inf, high)
        for members, each, high in zip(programme.members, room, programme.high, strict=True)
    ]
    rows += [(np.concatenate([sign, nothing]), least, np.inf) for sign, least in programme.cuts]
    if floor:
        rows.append((np.concatenate([floor[0], nothing]), floor[1], np.inf))
    if slack is not None:
        rows.append((np.concatenate([np.zeros(n), np.ones(rules)]), -np.inf, slack))
    matrix, low, high = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = milp(
        np.concatenate([-gain.astype(float), np.full(rules, float(penalty))]),
        constraints=LinearConstraint(matrix, low, high),
        bounds=Bounds(np.concatenate([programme.least, nothing]), np.concatenate([programme.most, np.full(rules, np.inf)])),
        integrality=np.concatenate([np.ones(n), np.zeros(rules)]),
        options={"mip_rel_gap": 0},
    )
    return None if found.x is None else np.asarray(found.x[:n] > 1 / 2)


def plausible(programme: Programme, errors: npt.NDArray[np.float64], draws: int, seed: int) -> npt.NDArray[np.float64]:
    """Return in what share of plausible scorings each candidate is chosen: values drawn with their standard errors."""
    dice = np.random.default_rng(seed)
    times = np.zeros(len(programme.values))
    order = np.argsort(-programme.lots, kind="stable")
    for values in np.rint(programme.values + errors * dice.standard_normal((draws, len(errors)))).astype(np.int64):
        drawn = replace(programme, values=values)
        chosen = _simply(drawn, order)
        if drawn.broken(chosen):
            chosen = best(drawn)  # type: ignore[assignment]  # nothing but places and locks is forced here, so there is one
        times += chosen
    return times / draws


def _simply(programme: Programme, order: Whole) -> Marks:
    """Return who is chosen by places and locks alone: the best set wherever it happens to meet the bounds."""
    chosen = programme.least.astype(bool)
    free = [
        i
        for i in order[np.argsort(-programme.values[order], kind="stable")]
        if programme.most[i] and not programme.least[i] and programme.values[i] > 0
    ]
    chosen[free[: max(0, programme.places - int(chosen.sum()))]] = True
    return chosen

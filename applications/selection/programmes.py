"""Many programmes over the same candidates, solved at once and exactly.

    maximise  sum v_i x_i - M sum u_g     subject to  sum x_i <= places
                                                      low_g - u_g <= sum_{i in g} x_i <= high_g + u_g for every group g
                                                      x_i = 1 where locked in, x_i = 0 where locked out
    x binary, u at least 0, v whole numbers not below 0, and M more than any set is worth

Branch and bound: sets are parted by whether they have a candidate or not, and parts that cannot hold a better set than the best
one at hand are left alone. A bound says so. Let every group have a price that its members pay, between -M and M, or of any size
for the places. Whatever the prices, no set is worth more than

    sum_i max(0, v_i - sum_{g of i} p_g) + sum_g (p_g high_g where p_g > 0, p_g low_g where p_g < 0)

Good prices come from the linear relaxation, in floating point. The bound is then worked out in whole numbers, so that a rounding
error can cost time but never the answer.

`scipy.optimize.milp` is as exact, but takes ten milliseconds or more for each of these. What explains one selection and says how
robust it is asks for over a thousand.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from applications.selection.calibration import Indices, Marks, Numbers
from applications.selection.relaxation import TINY, Corner, relax

Whole = npt.NDArray[np.int64]

FRACTION = 256  # prices are rounded to such parts of a whole
MOST_BITS = 62  # of a whole number of 64 with its sign, and one to spare
MOST_LOTS = 16
WAVE = 1000  # so many nodes are relaxed together, the latest first
MOST_NODES = 20_000  # twice what a thousand draws among 350 candidates have needed under the tightest bounds tried
HALF = 0.5
UNKNOWN = -(2**MOST_BITS)


class TooHard(Exception):
    """There are so many bounds, and so tight, that the proof of what is best would take too long."""


class _Nodes(NamedTuple):
    """Parts of the sets of some programmes: those that have every candidate whose `least` is 1, and none whose `most` is 0."""

    programme: Indices
    least: Whole
    most: Whole
    basis: Indices
    inverse: Numbers
    point: Numbers

    def kept(self, which: Marks | slice) -> "_Nodes":
        return _Nodes._make(table[which] for table in self)

    def joined(self, *others: "_Nodes") -> "_Nodes":
        return _Nodes._make(map(np.concatenate, zip(self, *others, strict=True)))

    def split(self, candidate: Indices, side: Whole) -> "_Nodes":
        """Return the sets of each that have its candidate (side 1) or that have not (side 0)."""
        row, least, most, point = np.arange(len(side)), self.least.copy(), self.most.copy(), self.point.copy()
        least[row, candidate] = most[row, candidate] = point[row, candidate] = side
        return self._replace(least=least, most=most, point=point)


@dataclass(frozen=True, slots=True, eq=False)
class Programmes:
    """A row for each programme in every table but the first, and a column for each group or candidate.

    The first group is everybody, and its `high` the places, which are enough for all who are locked in.
    """

    members: Whole  # a row for each group, a column for each candidate
    low: Whole  # not below 0, and not above `high`
    high: Whole
    least: Whole  # 1 for who is locked in
    most: Whole  # 0 for who is locked out

    def of(self, which: Indices) -> "Programmes":
        """Return some of the programmes."""
        return replace(self, low=self.low[which], high=self.high[which], least=self.least[which], most=self.most[which])

    def first(self, values: Whole) -> Marks:
        """Return the best set of each programme, and where several are equally good the first of them.

        That is the one with the first candidate, if any has it; of those, the one with the second, if any has it; and so on. It is
        found by making candidates who may be in or out worth a little more, the first half a point, the second a quarter, and so
        on: each more than all that follow. Where whole numbers have no room for so small parts, the others take another turn.
        """
        chosen, is_open = self.best(values)
        lots = max(1, min(MOST_LOTS, self.spare_bits(values) - 1))  # one bit is for what the parts add up to
        while is_open.any():
            left = np.flatnonzero(is_open.any(axis=1))
            turn = is_open.cumsum(axis=1)
            now = is_open & (turn <= lots)
            worth = (values << lots) + (now << np.where(now, lots - turn, 0))
            decided = replace(self, least=np.where(is_open, self.least, chosen), most=np.where(is_open, self.most, chosen))
            chosen[left], still_open = decided.of(left).best(worth[left])
            is_open &= ~now
            is_open[left] &= still_open
        return chosen

    def best(self, values: Whole) -> tuple[Marks, Marks]:
        """Return a best set of each programme, and who may be in one such set but not in another: they all agree about the rest."""
        if self.spare_bits(values) < 0:
            message = "These values are too large: count them in larger units."
            raise ValueError(message)
        penalty, nodes = self._penalty(values), self._roots(values)
        worths, chosen = np.full(len(values), UNKNOWN), self.least > 0
        waiting, count, at_root = nodes.kept(slice(0)), 0, None
        while len(own := nodes.programme):
            bound, reduced = self._bounds(values, nodes, penalty)
            at_root = at_root or (bound, reduced)
            # The relaxation, rounded. Where it is whole, nothing in its node is better.
            found = np.clip(np.rint(nodes.point[:, : reduced.shape[1]]).astype(np.int64), nodes.least, nodes.most)
            worth = self._worths(values, own, found, penalty)
            better = np.flatnonzero(worth > worths[own])
            better = better[worth[better].argsort()]  # of several for one programme the last stays
            worths[own[better]], chosen[own[better]] = worth[better], found[better] > 0
            going = (bound // FRACTION > worths[own]) & (nodes.least < nodes.most).any(axis=1)
            waiting = waiting.joined(*self._halves(nodes.kept(going), reduced[going]))
            nodes, waiting = waiting.kept(slice(-WAVE, None)), waiting.kept(slice(-WAVE))
            count += len(own)
            if count > MOST_NODES:
                raise TooHard
        if at_root is None:
            return chosen, chosen
        bound, reduced = at_root
        # A set that differs in a candidate is worth by so much less than the bound.
        return chosen, (self.least < self.most) & (np.abs(reduced) <= (bound - worths * FRACTION)[:, None])

    def spare_bits(self, values: Whole) -> int:
        """Return by how many bits values may grow before the sums that bounds are made of do not fit. Below 0 they do not already."""
        groups, candidates = self.members.shape
        return MOST_BITS - int(FRACTION * self._penalty(values) * candidates * (1 + 4 * groups)).bit_length()

    def _penalty(self, values: Whole) -> int:
        """Return M: more than as many of the best are worth as there are places."""
        places = int(self.high[:, 0].max(initial=0))
        best = np.sort(values)[:, values.shape[1] - places :]
        return 1 + int(best.sum(axis=1).max(initial=0))

    def _roots(self, values: Whole) -> _Nodes:
        """Return a node with all sets of each programme. At prices of nothing everybody is in, and the room in each group is the basis."""
        groups, candidates = self.members.shape
        count = len(values) if candidates else 0
        basis = np.tile(np.arange(candidates, candidates + groups), (count, 1))
        point = np.hstack([self.most[:count].astype(float), np.zeros((count, 3 * groups))])
        return _Nodes(np.arange(count), self.least[:count], self.most[:count], basis, np.tile(np.eye(groups), (count, 1, 1)), point)

    def _bounds(self, values: Whole, nodes: _Nodes, penalty: int) -> tuple[Whole, Whole]:
        """Solve the relaxations in place, and return the bound of each node, and what candidates are worth beyond what they pay.

        Both in fractions. The columns of the relaxation are the candidates and then, for each group, the room below its upper
        limit, what there is above it, and what is lacking below the lower one.
        """
        own, groups = nodes.programme, len(self.members)
        unit, nothing = np.eye(groups), np.zeros((len(own), groups))
        soft = np.where(np.arange(groups) > 0, np.inf, nothing)  # nothing may go beyond the places
        # So that equal candidates are not quite equal, and the simplex method does not go round in circles.
        nudge = np.sqrt(np.arange(values.shape[1])) % 1 / (FRACTION * values.shape[1])
        prices = relax(
            columns=np.hstack([self.members, unit, -unit, unit]),
            gain=np.hstack([values[own] + nudge, nothing, nothing - penalty, nothing - penalty]),
            lower=np.hstack([nodes.least.astype(float), nothing, nothing, nothing]),
            upper=np.hstack([nodes.most, (self.high - self.low)[own], soft, soft]),
            limit=self.high[own].astype(float),
            corner=Corner(nodes.basis, nodes.inverse, nodes.point),
        )
        # Whoever takes a place can break a bound of each group, so that is what a place can be worth.
        most = penalty * np.where(np.arange(groups) > 0, 1.0, groups)
        whole = np.rint(np.clip(prices, -most, most) * FRACTION).astype(np.int64)
        reduced = values[own] * FRACTION - whole @ self.members
        of_candidates = np.where(reduced > 0, nodes.most, nodes.least) * reduced
        of_groups = np.where(whole > 0, self.high[own], self.low[own]) * whole
        return of_candidates.sum(axis=1) + of_groups.sum(axis=1), reduced

    def _worths(self, values: Whole, own: Indices, found: Whole, penalty: int) -> Whole:
        """Return what each set is worth in its programme, penalties taken off."""
        counts = found @ self.members.T
        broken = np.maximum(counts - self.high[own], 0) + np.maximum(self.low[own] - counts, 0)
        worth = (values[own] * found).sum(axis=1) - penalty * broken[:, 1:].sum(axis=1)
        return np.asarray(np.where(broken[:, 0] > 0, UNKNOWN, worth))

    def _halves(self, nodes: _Nodes, reduced: Whole) -> list[_Nodes]:
        """Part each node by the candidate who is most between in and out, or where all are whole by the one whose price is closest."""
        free, inside = nodes.least < nodes.most, nodes.point[:, : reduced.shape[1]]
        between = np.where(free, np.abs(inside - np.rint(inside)), -1)
        closest = np.where(free, np.abs(reduced), np.iinfo(np.int64).max).argmin(axis=1)
        candidate = np.where((between > TINY).any(axis=1), between.argmax(axis=1), closest)
        likely = (inside[np.arange(len(candidate)), candidate] >= HALF).astype(np.int64)
        halves = nodes.split(candidate, 1 - likely), nodes.split(candidate, likely)
        return [half.kept(half.least.sum(axis=1) <= self.high[half.programme, 0]) for half in halves]

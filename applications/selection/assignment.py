"""Who reviews what: as many reviews of each application as asked, even loads, and no conflicts.

    maximise  sum s_ij x_ij     subject to  sum_j x_ij = k for every application i
                                            L <= sum_i x_ij <= U for every reviewer j
                                            x_ij = 0 where conflicted, x_ij = 1 where pinned

L and U are the mean load rounded down and up. Where conflicts or pins make that impossible, loads are as even as they allow.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, eye_array, hstack, kron
from scipy.sparse.csgraph import shortest_path

from applications.selection.calibration import Marks, Numbers, parts

Pair = tuple[int, int]  # an application and a reviewer

# What chance adds to preferences between 0 and 1: enough that nobody can foresee what their answers bring them.
NOISE = 0.1
MOST_CUTS = 50


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be assigned. Pairs that `preferences` does not name count 0; `most` is a load that nobody may exceed."""

    applications: frozenset[int]
    reviewers: frozenset[int]
    reviews: int
    conflicts: frozenset[Pair] = frozenset()
    pins: frozenset[Pair] = frozenset()
    preferences: Mapping[Pair, float] = field(default_factory=dict)
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """The pairs, and what could not be had with them."""

    pairs: tuple[Pair, ...]
    loads: Mapping[int, int]
    stretched: tuple[int, ...]  # whose load is not the mean rounded down or up, which conflicts or pins made impossible for all
    connected: bool  # False where no assignment with such loads was found to be, so that its scores cannot be adjusted
    seed: int


class Cause(StrEnum):
    """Why nothing can be assigned."""

    PIN_IN_CONFLICT = "pin in conflict"
    TOO_FEW_REVIEWERS = "too few reviewers"
    TOO_MANY_PINS = "too many pins"
    PINNED_BEYOND_MOST = "pinned beyond most"
    CAPACITY = "capacity"
    SHORT_TOGETHER = "short together"


@dataclass(frozen=True, slots=True)
class Obstruction:
    """A cause, where it lies, and how many there are where how many may or have to be.

    SHORT_TOGETHER names an application left short because others need the same reviewers, who can take no more.
    """

    cause: Cause
    application: int | None = None
    reviewer: int | None = None
    found: int = 0
    limit: int = 0


def assign(task: Task, seed: int) -> Assignment | tuple[Obstruction, ...]:
    """Return the assignment that this seed gives, or everything that was found to stand in its way."""
    applications, reviewers = sorted(task.applications), sorted(task.reviewers)
    if not applications:
        return Assignment((), dict.fromkeys(reviewers, 0), (), connected=True, seed=seed)

    def table(pairs: Mapping[Pair, float]) -> Numbers:
        return np.array([[pairs.get((i, j), 0) for j in reviewers] for i in applications], dtype=float)

    allowed, pinned = table(dict.fromkeys(task.conflicts, 1)) == 0, table(dict.fromkeys(task.pins, 1)) == 1
    programme = _Programme(allowed, pinned, task.reviews, len(applications) if task.most is None else task.most)
    obstructions = tuple(programme.obstructions(applications, reviewers))
    if obstructions:
        return obstructions
    useful = allowed.any(axis=0)
    mean = task.reviews * len(applications) / np.count_nonzero(useful)
    low, high = np.floor(mean) * useful, np.ceil(mean) * useful
    worth = table(task.preferences) + NOISE * np.random.default_rng(seed).random(allowed.shape)
    solved = programme.connected(worth, low, high)
    if solved is None:
        full, missing = programme.fullest(worth)
        if missing.any():
            short = [(i, task.reviews - int(lack)) for i, lack in zip(applications, missing, strict=True) if lack]
            return tuple(Obstruction(Cause.SHORT_TOGETHER, application=i, found=has, limit=task.reviews) for i, has in short)
        even = programme.even_loads(full)
        solved = programme.connected(worth, even, even)
        assert solved is not None  # noqa: S101  (these loads are those of an assignment)
    chosen, connected = solved
    loads = chosen.sum(axis=0)
    return Assignment(
        pairs=tuple((applications[i], reviewers[j]) for i, j in np.argwhere(chosen)),
        loads=dict(zip(reviewers, loads.tolist(), strict=True)),
        stretched=tuple(np.array(reviewers)[(loads < low) | (loads > high)].tolist()),
        connected=connected,
        seed=seed,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Programme:
    """The task as tables with a row for each application and a column for each reviewer."""

    allowed: Marks
    pinned: Marks
    reviews: int
    most: int

    def obstructions(self, applications: list[int], reviewers: list[int]) -> Iterator[Obstruction]:
        """Yield the causes that counting finds."""
        for i, j in np.argwhere(self.pinned & ~self.allowed):
            yield Obstruction(Cause.PIN_IN_CONFLICT, application=applications[i], reviewer=reviewers[j])
        for i, free, held in zip(applications, self.allowed.sum(axis=1).tolist(), self.pinned.sum(axis=1).tolist(), strict=True):
            if free < self.reviews:
                yield Obstruction(Cause.TOO_FEW_REVIEWERS, application=i, found=free, limit=self.reviews)
            if held > self.reviews:
                yield Obstruction(Cause.TOO_MANY_PINS, application=i, found=held, limit=self.reviews)
        for j, held in zip(reviewers, self.pinned.sum(axis=0).tolist(), strict=True):
            if held > self.most:
                yield Obstruction(Cause.PINNED_BEYOND_MOST, reviewer=j, found=held, limit=self.most)
        capacity, needed = int(np.minimum(self.allowed.sum(axis=0), self.most).sum()), self.reviews * len(applications)
        if capacity < needed:
            yield Obstruction(Cause.CAPACITY, found=capacity, limit=needed)

    def connected(self, worth: Numbers, low: Numbers, high: Numbers) -> tuple[Marks, bool] | None:
        """Return the best choice, and whether its graph is connected: while it is not, ask for a pair that leads out of each part."""
        first = chosen = self.best(worth, low, high, [])
        cuts: list[Marks] = []
        while chosen is not None and len(cuts) < MOST_CUTS:
            of_application, of_reviewer = parts(chosen)
            different = np.unique(of_application)
            if len(different) == 1:
                return chosen, True
            if chosen.sum() < len(of_application) + chosen.any(axis=0).sum() - 1:
                break  # so few pairs connect nothing
            cuts += [(of_application == part)[:, None] != (of_reviewer == part) for part in different]
            chosen = self.best(worth, low, high, cuts)
        return None if first is None else (first, False)

    def best(self, worth: Numbers, low: Numbers, high: Numbers, cuts: list[Marks]) -> Marks | None:
        """Return the choice worth most that has a pair of every cut, or None where there is none."""
        solved = self._solve(-worth, low, np.minimum(high, self.most), cuts, missing=0)
        return None if solved is None else solved[0]

    def fullest(self, worth: Numbers) -> tuple[Marks, Numbers]:
        """Return the choice that misses the fewest reviews, however uneven, and how many each application misses."""
        none = np.zeros(worth.shape[1])
        less_than_one_review = -worth / (1 + worth.sum())
        solved = self._solve(less_than_one_review, none, none + self.most, [], missing=self.reviews)
        assert solved is not None  # noqa: S101  (all that is not pinned may be missing)
        return solved

    def even_loads(self, chosen: Marks) -> Numbers:
        """Return the most even loads: reviews move along chains from the busiest until no chain leads to somebody with two fewer."""
        chosen = chosen.copy()
        while True:
            movable, open_to = (chosen & ~self.pinned).astype(float), (self.allowed & ~chosen).astype(float)
            length, before = shortest_path(movable.T @ open_to, unweighted=True, return_predecessors=True)
            loads = chosen.sum(axis=0)
            gain = np.where(np.isfinite(length), loads[:, None] - loads, 0)
            start, end = np.unravel_index(gain.argmax(), gain.shape)
            if gain[start, end] <= 1:
                return np.asarray(loads, dtype=float)
            while end != start:
                giver = before[start, end]
                application = (movable[:, giver] * open_to[:, end]).argmax()
                chosen[application, giver], chosen[application, end] = False, True
                end = giver

    def _solve(self, costs: Numbers, low: Numbers, high: Numbers, cuts: list[Marks], missing: int) -> tuple[Marks, Numbers] | None:
        """Return the cheapest choice and what it misses at a cost of one each, up to `missing` of an application."""
        i, j = self.allowed.shape
        nothing = np.zeros(i)
        sums = [np.hstack([cut.ravel(), nothing]).astype(float) for cut in cuts]
        solved = milp(
            np.hstack([costs.ravel(), np.ones(i)]),
            # Without cuts the matrix is totally unimodular, so the corner that the simplex finds is whole by itself, and sooner.
            integrality=np.full(i * j + i, int(bool(cuts))),
            bounds=Bounds(np.hstack([self.pinned.ravel(), nothing]), np.hstack([self.allowed.ravel(), np.full(i, missing)])),
            constraints=[
                LinearConstraint(hstack([kron(eye_array(i), np.ones((1, j))), eye_array(i)]), self.reviews, self.reviews),
                LinearConstraint(hstack([kron(np.ones((1, i)), eye_array(j)), coo_array((j, i))]), low, high),
                *(LinearConstraint(row, 1) for row in sums),
            ],
        )
        if solved.x is None:
            return None
        x = np.round(solved.x)
        return x[: i * j].reshape(i, j) > 0, x[i * j :]

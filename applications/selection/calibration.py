"""Scores with the leniency of reviewers taken out, by a two-way additive mixed model.

    y_ij = mu + f_i + b_j + e_ij        f: quality of the application, b: leniency of the reviewer
    minimise sum (y_ij - mu - f_i - b_j)^2 + lf sum f_i^2 + lb sum b_j^2

mu is the mean of all scores, and the penalties are the ratios of the noise's variance to that of f and b.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.sparse import block_array, coo_array
from scipy.sparse.csgraph import connected_components
from scipy.special import ndtr

Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Marks = npt.NDArray[np.bool_]

LEAST_SCORES = 5
SCORES_FOR_RATIOS = 40
# Beyond these an effect is as good as free, or as good as none, and the equations would only become ill-conditioned.
PENALTY_RANGE = (1e-3, 1e3)
TINY = 1e-300  # a variance that is none, but can be divided by
HALF_WIDTH = 1.96  # of a 95 % interval, in standard deviations


@dataclass(frozen=True, slots=True)
class Score:
    """What one reviewer gave one application. There is one for each pair, and only those that count."""

    application: int
    reviewer: int
    value: float


class Obstacle(StrEnum):
    """Why scores cannot be adjusted."""

    DISCONNECTED = "disconnected"
    FEW_SCORES = "few scores"
    NO_OVERLAP = "no overlap"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An obstacle, and the reviewers it lies with: for a disconnected graph those outside its largest part."""

    obstacle: Obstacle
    reviewers: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Adjustment:
    """Adjusted scores in the order of the applications, with the approximate covariance of their errors."""

    scores: Numbers
    covariance: Numbers
    leniency: Numbers  # in the order of the reviewers
    leniency_variance: Numbers  # of its errors
    penalties: tuple[float, float]  # of quality and of leniency
    noise: float  # the variance of a single score

    @property
    def interval(self) -> tuple[Numbers, Numbers]:
        """Return the ends of the approximate 95 % intervals."""
        margin = HALF_WIDTH * np.sqrt(np.diag(self.covariance))
        return self.scores - margin, self.scores + margin

    @property
    def leniency_interval(self) -> tuple[Numbers, Numbers]:
        """Return the ends of the approximate 95 % intervals of the reviewers' leniency."""
        margin = HALF_WIDTH * np.sqrt(self.leniency_variance)
        return self.leniency - margin, self.leniency + margin

    @property
    def better(self) -> Numbers:
        """Return at [i, k] the probability that i is better than k. It is a half where nothing tells them apart."""
        variance = np.diag(self.covariance)
        spread: Numbers = np.sqrt(np.maximum(variance[:, None] + variance - 2 * self.covariance, TINY))
        return ndtr((self.scores[:, None] - self.scores) / spread)

    @property
    def expected_rank(self) -> Numbers:
        """Return 1 plus the probabilities that each of the others is better."""
        return np.asarray(0.5 + self.better.sum(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Raw means, which always stand first, and the adjustment or the reasons why there is none."""

    applications: tuple[int, ...]
    reviewers: tuple[int, ...]
    reviews: Indices
    raw: Numbers
    adjustment: Adjustment | None
    refusals: tuple[Refusal, ...]

    def among(self, applications: Collection[int]) -> "Calibration":
        """Return the same figures for some of the applications alone. What all scores say about leniency stays taken out."""
        kept = np.isin(self.applications, list(applications))
        adjustment = self.adjustment
        if adjustment is not None:
            adjustment = replace(adjustment, scores=adjustment.scores[kept], covariance=adjustment.covariance[np.ix_(kept, kept)])
        left = tuple(np.array(self.applications)[kept].tolist())
        return replace(self, applications=left, reviews=self.reviews[kept], raw=self.raw[kept], adjustment=adjustment)

    def crossing(self, places: int) -> tuple[int, ...]:
        """Return the applications that the adjustment moves from one side of the line to the other."""
        if self.adjustment is None:
            return ()
        moved = above(self.raw, places) != above(self.adjustment.scores, places)
        return tuple(application for application, crosses in zip(self.applications, moved, strict=True) if crosses)


def calibrate(scores: Sequence[Score]) -> Calibration:
    """Return raw means and, where the scores allow it, adjusted ones. The order and the names of things make no difference."""
    applications, i = indexed([score.application for score in scores])
    reviewers, j = indexed([score.reviewer for score in scores])
    y = np.array([score.value for score in scores], dtype=float)
    reviews = np.bincount(i)
    refusals = _refusals(i, j, reviewers)
    return Calibration(
        applications=applications,
        reviewers=reviewers,
        reviews=reviews,
        raw=np.bincount(i, y) / reviews,
        adjustment=None if refusals else adjust(i, j, y, variance_ratios(i, j, y)),
        refusals=refusals,
    )


def adjust(i: Indices, j: Indices, y: Numbers, penalties: tuple[float, float]) -> Adjustment:
    """Solve the normal equations theta = (X'X + D)^-1 X'(y - mu) for theta = (f, b)."""
    x = design(i, j)
    applications = int(i.max()) + 1
    mean = y.mean()
    inverse = np.linalg.inv(x.T @ x + np.diag(np.repeat(penalties, [applications, x.shape[1] - applications])))
    theta = inverse @ (x.T @ (y - mean))
    # The estimate of s_e^2 that belongs to these ratios: (y - mu)' V^-1 (y - mu) / (n - 1), with s_e^2 V the variance of y.
    noise = float((y - mean) @ (y - mean - x @ theta)) / (len(y) - 1)
    return Adjustment(
        scores=mean + theta[:applications],
        covariance=np.asarray(noise * inverse[:applications, :applications], dtype=float),
        leniency=theta[applications:],
        leniency_variance=np.asarray(noise * np.diag(inverse)[applications:], dtype=float),
        penalties=penalties,
        noise=noise,
    )


def variance_ratios(i: Indices, j: Indices, y: Numbers) -> tuple[float, float]:
    """Return the penalties of quality and leniency by the method of moments (Henderson's third), or 1 each where scores are too few."""
    scores, applications, reviewers = len(y), int(i.max()) + 1, int(j.max()) + 1
    freedom = scores - applications - reviewers + 1
    if scores < SCORES_FOR_RATIOS or not freedom:
        return 1.0, 1.0
    # What both factors leave: reviewers are fitted to what applications leave, as 30 columns are quicker than 380 (Frisch and Waugh).
    linked = np.zeros((applications, reviewers))
    linked[i, j] = 1
    x = np.eye(reviewers)[j] - (linked / linked.sum(axis=1, keepdims=True))[i]
    within = y - _means(i, y)
    full = _squares(within - x @ np.linalg.lstsq(x, within)[0])
    noise = full / freedom
    # What each factor explains after the other has, and the expectation of it, given that no pair has two scores.
    quality = (_squares(y - _means(j, y)) - full - noise * (applications - 1)) / (scores - reviewers)
    leniency = (_squares(y - _means(i, y)) - full - noise * (reviewers - 1)) / (scores - applications)
    least, most = PENALTY_RANGE
    return (
        float(np.clip(noise / quality, least, most)) if quality > 0 else most,
        float(np.clip(noise / leniency, least, most)) if leniency > 0 else most,
    )


def ranks(values: Numbers) -> Indices:
    """Return 1 plus the number of those that are higher. Equal ones share a rank."""
    rounded = np.round(values, 9)
    return np.array([1 + (rounded > value).sum() for value in rounded], dtype=np.intp)


def above(values: Numbers, places: int) -> Marks:
    """Return which have fewer than `places` before them. Those that are equal at the line are all above it, for people to part."""
    return np.asarray(ranks(values) <= places)


def indexed(keys: Sequence[int]) -> tuple[tuple[int, ...], Indices]:
    """Return the different keys in order, and where each one given stands among them."""
    different, places = np.unique(np.array(keys, dtype=np.int64), return_inverse=True)
    return tuple(different.tolist()), places


def design(i: Indices, j: Indices) -> Numbers:
    """Return X: a row for each score, with a one for its application and a one for its reviewer."""
    return np.hstack([np.eye(int(i.max()) + 1)[i], np.eye(int(j.max()) + 1)[j]])


def parts(linked: Marks) -> tuple[Indices, Indices]:
    """Return which connected part each row (an application) and each column (a reviewer) of a table of who reviewed what is in."""
    links = coo_array(linked.astype(float))
    _, labels = connected_components(block_array([[None, links], [links.T, None]]), directed=False)
    return labels[: len(linked)].astype(np.intp), labels[len(linked) :].astype(np.intp)


def _refusals(i: Indices, j: Indices, reviewers: tuple[int, ...]) -> tuple[Refusal, ...]:
    """Return what stands against adjusting these scores."""
    if not reviewers:
        return (Refusal(Obstacle.NO_OVERLAP, ()),)
    linked = np.zeros((int(i.max()) + 1, len(reviewers)), dtype=bool)
    linked[i, j] = True
    _, part = parts(linked)
    alone = np.bincount(part)[part] == 1
    against = {
        Obstacle.DISCONNECTED: part != np.bincount(part[j]).argmax(),
        Obstacle.FEW_SCORES: np.bincount(j) < LEAST_SCORES,
        Obstacle.NO_OVERLAP: alone & alone.all(),
    }
    named = {obstacle: tuple(np.array(reviewers)[found].tolist()) for obstacle, found in against.items()}
    return tuple(Refusal(obstacle, those) for obstacle, those in named.items() if those)


def _means(group: Indices, y: Numbers) -> Numbers:
    """Return for each score the mean of its group."""
    return np.asarray((np.bincount(group, y) / np.bincount(group))[group])


def _squares(residuals: Numbers) -> float:
    return float(residuals @ residuals)

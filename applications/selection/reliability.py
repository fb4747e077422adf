"""How far reviewers agree, and what looks odd enough to ask about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from applications.selection.calibration import Calibration, Indices, Numbers, Score, indexed

RESAMPLES = 2000
LEAST_FOR_DRIFT = 10
LEAST_CRITERIA = 3


@dataclass(frozen=True, slots=True)
class Agreement:
    """The share of the differences between single scores that is due to the applications: ICC(1), with a bootstrap interval of 95 %."""

    single: float
    low: float
    high: float
    scores: int
    applications: int
    seed: int

    def of(self, reviews: float) -> float:
        """Return the reliability of a mean of so many reviews."""
        return spearman_brown(self.single, reviews)


@dataclass(frozen=True, slots=True)
class Drift:
    """How a reviewer's scores, beside those of others on the same applications, change from one review to the next.

    Chance alone puts one reviewer in twenty outside the interval, and somebody may have read the weaker ones last.
    """

    reviewer: int
    slope: float
    low: float
    high: float
    reviews: int

    @property
    def stands_out(self) -> bool:
        """Return whether the interval leaves zero out."""
        return not self.low <= 0 <= self.high


def agreement(scores: Sequence[Score], seed: int) -> Agreement | None:
    """Return how far the scores of one stage agree, or None where that is undefined: no application has two, or all are equal."""
    applications, i = indexed([score.application for score in scores])
    y = np.array([score.value for score in scores], dtype=float)
    if not applications:
        return None
    table = _one_way(i, y - y[0])
    single = float(icc(table))
    if np.isnan(single):
        return None
    draws = np.random.default_rng(seed).integers(len(applications), size=(RESAMPLES, len(applications)))
    low, high = np.nanquantile(icc(table[:, draws]), [0.025, 0.975]).tolist()
    return Agreement(single, low, high, len(scores), len(applications), seed)


def icc(table: Numbers) -> Numbers:
    """Return ICC(1) from the count, the mean and the squares within of each application: the last axis of a table of three.

    ICC(1) = (MSB - MSW) / (MSB + (k0 - 1) MSW), where k0 is the number of scores each, allowing for its differing.
    """
    count, mean, squares = table
    scores, applications = count.sum(axis=-1), count.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        each = (scores - (count**2).sum(axis=-1) / scores) / (applications - 1)
        total = (count * mean).sum(axis=-1)
        between = ((count * mean**2).sum(axis=-1) - total**2 / scores) / (applications - 1)
        within = squares.sum(axis=-1) / (scores - applications)
        return np.asarray((between - within) / (between + (each - 1) * within))


def spearman_brown(single: float, reviews: float) -> float:
    """Return the reliability of a mean of so many scores that have `single` each."""
    return reviews * single / (1 + (reviews - 1) * single)


def halos(marks: Mapping[int, Sequence[float]]) -> tuple[int, ...]:
    """Return the reviews that give every criterion the same mark, of those with three criteria or more."""
    return tuple(review for review, given in marks.items() if len(given) >= LEAST_CRITERIA and len(set(given)) == 1)


def drifts(scores: Sequence[Score]) -> tuple[Drift, ...]:
    """Return the drift of each reviewer with enough scores that others also gave. The scores come in the order they were given."""
    given: dict[int, list[float]] = {}
    _, i = indexed([score.application for score in scores])
    y = np.array([score.value for score in scores], dtype=float)
    total, count = np.bincount(i, y), np.bincount(i)
    for place, score in zip(i, scores, strict=True):
        if count[place] > 1:
            others = (total[place] - score.value) / (count[place] - 1)
            given.setdefault(score.reviewer, []).append(score.value - others)
    return tuple(_drift(reviewer, np.array(beside)) for reviewer, beside in sorted(given.items()) if len(beside) >= LEAST_FOR_DRIFT)


def undecided(calibration: Calibration, places: int) -> tuple[int, ...]:
    """Return the applications that two more reviews could settle, the nearest to the line first: their interval lies across it."""
    line = line_between(calibration, places)
    if calibration.adjustment is None or line is None:
        return ()
    low, high = calibration.adjustment.interval
    distance = np.abs(calibration.adjustment.scores - line)
    nearest = np.argsort(distance, stable=True)
    return tuple(calibration.applications[place] for place in nearest if low[place] < line < high[place])


def line_between(calibration: Calibration, places: int) -> float | None:
    """Return the line between in and out: half way between the last adjusted score that is in and the first that is out.

    None without an adjustment, or where all are in or all are out.
    """
    if calibration.adjustment is None or not 0 < places < len(calibration.applications):
        return None
    ordered = np.sort(calibration.adjustment.scores)[::-1]
    return float(ordered[places - 1 : places + 1].mean())


def _one_way(i: Indices, y: Numbers) -> Numbers:
    """Return the count, the mean and the squares within of each application."""
    count = np.bincount(i)
    mean = np.bincount(i, y) / count
    return np.stack([count, mean, np.bincount(i, (y - mean[i]) ** 2)])


def _drift(reviewer: int, beside: Numbers) -> Drift:
    """Return the slope by least squares, with an interval of 95 % by Student's t."""
    order = np.arange(len(beside)) - (len(beside) - 1) / 2
    slope = float(order @ beside / (order @ order))
    residuals = beside - beside.mean() - slope * order
    freedom = len(beside) - 2
    margin = float(stdtrit(freedom, 0.975) * np.sqrt(residuals @ residuals / freedom / (order @ order)))
    return Drift(reviewer, slope, slope - margin, slope + margin, len(beside))

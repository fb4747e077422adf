"""How robust a selection is: in what share of plausible scorings each candidate gets a place under the same rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from applications.selection.calibration import Numbers
from applications.selection.portfolio import Candidate, Rules, contest

DRAWS = 1000
MOST_BITS = 16
SMALL = 1 / 64


@dataclass(frozen=True, slots=True)
class Robustness:
    """The share of the draws in which each candidate is selected. By chance it is off by sqrt(share (1 - share) / draws) or so."""

    shares: Mapping[int, float]
    draws: int
    seed: int


def robustness(candidates: Sequence[Candidate], rules: Rules, errors: Numbers, seed: int, draws: int = DRAWS) -> Robustness:
    """Draw scores around the values, choose by each scoring, and count.

    `errors` are the standard errors of the values, in their unit and order, or the covariance of their errors.

    Each scoring is solved exactly, like the choice itself: all of them together, so that none has to be skipped. Scores are drawn
    in fractions of the values' unit, so that no two sets are equally good.
    """
    drawing = contest(candidates, rules, seed)
    place = {candidate.application: column for column, candidate in enumerate(candidates)}
    scores = scorings(candidates, errors, seed, draws)[:, [place[candidate.application] for candidate in drawing.candidates]]
    programmes = drawing.programmes([rules]).of(np.zeros(draws, dtype=np.intp))
    bits = max(0, min(MOST_BITS, programmes.spare_bits(np.ceil(scores).astype(np.int64))))
    chosen, _ = programmes.best(np.rint(np.ldexp(scores, bits)).astype(np.int64))
    counts = chosen.sum(axis=0).tolist()
    shares = {candidate.application: count / draws for candidate, count in zip(drawing.candidates, counts, strict=True)}
    return Robustness(shares, draws, seed)


def scorings(candidates: Sequence[Candidate], errors: Numbers, seed: int, draws: int) -> Numbers:
    """Return so many rows of normal scores around the values, whatever the order in which candidates are given.

    Nobody scores below 0. Who would gets a small part of the unit by chance, as equal scores would have to be parted by lot.
    """
    order = np.argsort([candidate.application for candidate in candidates])
    values = np.array([candidate.value for candidate in candidates], dtype=float)
    dice = np.random.default_rng(seed)
    noise, chance = dice.standard_normal((draws, len(candidates))), dice.random((draws, len(candidates)))
    if errors.ndim == 1:
        noise *= errors[order]
    else:
        variances, directions = np.linalg.eigh(errors[np.ix_(order, order)])
        noise = noise @ (directions * np.sqrt(np.maximum(variances, 0))).T
    drawn, scores = values[order] + noise, np.empty_like(noise)
    scores[:, order] = np.where(drawn > 0, drawn, SMALL * chance)
    return scores

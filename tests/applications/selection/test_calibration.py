"""Adjusted scores beside exact arithmetic, under other names, and against what they are for."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from applications.selection.assignment import Task, assign
from applications.selection.calibration import Obstacle, Refusal, Score, above, adjust, calibrate, ranks, variance_ratios

SEED = 20190715
RUNS, PLACES, APPLICATIONS, REVIEWERS, REVIEWS = 500, 20, 60, 12, 3
# With leniency as various as quality, these leave single scores an agreement of 0.26.
QUALITY, NOISE = 0.6, 0.8


@st.composite
def tables(draw, *, least_scores=2):
    """Scores that some reviewers gave some applications, all different pairs."""
    pairs = st.tuples(st.integers(0, 7), st.integers(0, 4))
    scores = draw(st.dictionaries(pairs, st.integers(0, 50), min_size=least_scores, max_size=40))
    return [Score(application, reviewer, value / 10) for (application, reviewer), value in scores.items()]


def full_table(values):
    """Scores of every reviewer (a column) for every application (a row)."""
    return [Score(i, j, float(value)) for (i, j), value in np.ndenumerate(np.asarray(values))]


def indices(scores):
    """The applications, the reviewers and the values, numbered by where they stand among those that occur."""
    i = np.unique([score.application for score in scores], return_inverse=True)[1]
    j = np.unique([score.reviewer for score in scores], return_inverse=True)[1]
    return i, j, np.array([score.value for score in scores])


def solve_exactly(matrix, right):
    """Gauss and Jordan, on fractions."""
    rows = [[*map(Fraction, row), Fraction(value)] for row, value in zip(matrix, right, strict=True)]
    for column in range(len(rows)):
        pivot = next(row for row in range(column, len(rows)) if rows[row][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for row in range(len(rows)):
            if row != column and rows[row][column]:
                rows[row] = [a - rows[row][column] * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [row[-1] for row in rows]


@settings(deadline=None)
@given(tables(), st.sampled_from([0.5, 1.0, 2.0]), st.sampled_from([0.25, 1.0, 1000.0]))
def test_adjusted_scores_solve_the_normal_equations(scores, lf, lb):
    i, j, y = indices(scores)
    applications, size = i.max() + 1, i.max() + j.max() + 2
    mean = sum(map(Fraction, y)) / len(y)
    matrix = [[Fraction(0)] * size for _ in range(size)]
    right = [Fraction(0)] * size
    for place in range(size):
        matrix[place][place] += Fraction(lf if place < applications else lb)
    for f, b, value in zip(i, j + applications, y, strict=True):
        matrix[f][f] += 1
        matrix[b][b] += 1
        matrix[f][b] += 1
        matrix[b][f] += 1
        right[f] += Fraction(value) - mean
        right[b] += Fraction(value) - mean
    exact = solve_exactly(matrix, right)
    found = adjust(i, j, y, (lf, lb))
    assert found.scores == pytest.approx([float(mean + f) for f in exact[:applications]], abs=1e-9)
    assert found.leniency == pytest.approx([float(b) for b in exact[applications:]], abs=1e-9)


@settings(deadline=None)
@given(tables(least_scores=3))
def test_intervals_are_those_of_the_same_model_written_with_the_variance_of_the_scores(scores):
    i, j, y = indices(scores)
    lf, lb = 0.7, 1.9
    found = adjust(i, j, y, (lf, lb))
    of_same_application, of_same_reviewer = i[:, None] == i, j[:, None] == j
    inverse = np.linalg.inv(np.eye(len(y)) + of_same_application / lf + of_same_reviewer / lb)
    centred = y - y.mean()
    noise = centred @ inverse @ centred / (len(y) - 1)
    about = (np.arange(i.max() + 1)[:, None] == i) / lf
    assert found.noise == pytest.approx(noise, abs=1e-9)
    assert found.scores - y.mean() == pytest.approx(about @ inverse @ centred, abs=1e-9)
    assert found.covariance == pytest.approx(noise * (np.eye(i.max() + 1) / lf - about @ inverse @ about.T), abs=1e-9)
    low, high = found.interval
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(found.covariance.diagonal()), abs=1e-9)


@settings(deadline=None)
@given(tables(least_scores=3), st.sampled_from([0.5, 2.0]), st.sampled_from([0.25, 1.0]))
def test_leniency_is_to_reviewers_what_quality_is_to_applications(scores, lf, lb):
    i, j, y = indices(scores)
    found, turned = adjust(i, j, y, (lf, lb)), adjust(j, i, y, (lb, lf))
    assert found.leniency == pytest.approx(turned.scores - y.mean(), abs=1e-9)
    assert found.leniency_variance == pytest.approx(np.diag(turned.covariance), abs=1e-9)
    low, high = found.leniency_interval
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(found.leniency_variance), abs=1e-9)


def test_some_applications_alone_keep_their_figures_and_are_ranked_among_themselves():
    whole = calibrate(full_table(np.random.default_rng(SEED).normal(3, 1, (8, 5))))
    some = whole.among({6, 2, 5, 99})
    assert some.applications == (2, 5, 6)
    assert some.raw.tolist() == whole.raw[[2, 5, 6]].tolist()
    assert some.reviews.tolist() == [5, 5, 5]
    assert some.adjustment.scores.tolist() == whole.adjustment.scores[[2, 5, 6]].tolist()
    assert some.adjustment.better == pytest.approx(whole.adjustment.better[np.ix_([2, 5, 6], [2, 5, 6])])
    assert some.adjustment.leniency.tolist() == whole.adjustment.leniency.tolist()
    assert sorted(ranks(some.raw)) == [1, 2, 3]
    assert whole.among([]).applications == ()
    assert ranks(whole.among([]).raw).tolist() == []


def test_equal_scores_share_a_rank():
    assert ranks(np.array([3.0, 5.0, 0.1 + 0.2, 3.0, 0.3])).tolist() == [2, 1, 4, 2, 4]


@settings(deadline=None)
@given(tables(least_scores=30), st.randoms(use_true_random=False), st.integers(1, 8))
def test_names_and_order_make_no_difference(scores, dice, places):
    names = dice.sample(range(1000, 2000), 8), dice.sample(range(5000, 6000), 5)
    renamed = [Score(names[0][score.application], names[1][score.reviewer], score.value) for score in scores]
    dice.shuffle(renamed)
    plain, other = calibrate(scores), calibrate(renamed)
    order = [other.applications.index(names[0][application]) for application in plain.applications]
    assert other.raw[order] == pytest.approx(plain.raw, abs=1e-9)
    assert (other.adjustment is None) == (plain.adjustment is None)
    assert set(other.crossing(places)) == {names[0][application] for application in plain.crossing(places)}
    if plain.adjustment and other.adjustment:
        assert other.adjustment.scores[order] == pytest.approx(plain.adjustment.scores, abs=1e-9)
        assert other.adjustment.expected_rank[order] == pytest.approx(plain.adjustment.expected_rank, abs=1e-6)


def test_the_variance_ratios_of_a_full_table_are_those_of_the_analysis_of_variance():
    dice = np.random.default_rng(SEED)
    values = dice.normal(0, 1, (10, 1)) + dice.normal(0, 0.8, (1, 5)) + dice.normal(0, 1, (10, 5))
    rows, columns = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    noise = ((values - rows - columns + values.mean()) ** 2).sum() / (9 * 4)
    quality = (5 * rows.var(ddof=1) - noise) / 5
    leniency = (10 * columns.var(ddof=1) - noise) / 10
    assert variance_ratios(*indices(full_table(values))) == pytest.approx((noise / quality, noise / leniency), rel=1e-9)


def test_the_variance_ratios_of_a_sparse_table_rest_on_what_both_factors_leave():
    dice = np.random.default_rng(SEED)
    i, j = np.repeat(np.arange(30), 3), np.array([dice.choice(8, 3, replace=False) for _ in range(30)]).ravel()
    y = dice.normal(0, 1, 30)[i] + dice.normal(0, 0.6, 8)[j] + dice.normal(0, 1, 90)

    def left_by(x):
        residuals = y - x @ np.linalg.lstsq(x, y)[0]
        return residuals @ residuals

    applications, reviewers = np.eye(30)[i], np.eye(8)[j]
    both = left_by(np.hstack([applications, reviewers]))
    noise = both / (90 - 30 - 8 + 1)
    quality = (left_by(reviewers) - both - noise * 29) / (90 - 8)
    leniency = (left_by(applications) - both - noise * 7) / (90 - 30)
    assert variance_ratios(i, j, y) == pytest.approx((noise / quality, noise / leniency), rel=1e-9)


def test_under_forty_scores_the_penalties_are_one():
    dice = np.random.default_rng(SEED)
    values = dice.normal(0, 1, (10, 1)) + dice.normal(0, 1, (10, 4))
    scores = full_table(values)
    assert calibrate(scores).adjustment.penalties != (1, 1)
    assert calibrate(scores[:-1]).adjustment.penalties == (1, 1)


def test_reviewers_who_differ_in_nothing_are_left_as_they_are():
    values = np.add.outer(np.arange(10.0), np.tile([0.1, -0.1], 5)) + np.where(np.eye(10), 0.3, 0)
    assert variance_ratios(*indices(full_table(np.round(values - values.mean(axis=0), 6))))[1] == 1000


def test_a_lenient_reviewer_no_longer_decides():
    # The third reviewer gives everybody two more, and only application 5 and up were sent there.
    pairs = [(i, j) for i in range(10) for j in ((0, 1) if i < 5 else (0, 2))]
    scores = [Score(i, j, 3 + 0.01 * i * (-1) ** i + 2 * (j == 2)) for i, j in pairs]
    found = calibrate(scores)
    assert sorted(found.raw[:5]) < sorted(found.raw[5:])
    assert found.adjustment.leniency.argmax() == 2
    assert np.ptp(found.adjustment.scores) < np.ptp(found.raw) / 2


def test_the_probability_of_being_better_and_the_expected_rank():
    found = calibrate(full_table(np.array([[4, 4, 5], [3, 4, 4], [2, 3, 4], [2, 2, 3], [4, 4, 5]]))).adjustment
    better = found.better
    sd = math.sqrt(found.covariance[0, 2] * -2 + found.covariance[0, 0] + found.covariance[2, 2])
    assert better[0, 2] == pytest.approx((1 + math.erf((found.scores[0] - found.scores[2]) / sd / math.sqrt(2))) / 2)
    assert better + better.T == pytest.approx(np.ones((5, 5)))
    assert better[0, 4] == pytest.approx(0.5)
    assert found.expected_rank[1] == pytest.approx(1 + sum(better[k, 1] for k in (0, 2, 3, 4)))
    assert found.expected_rank.sum() == pytest.approx(15)


def test_scores_that_are_all_equal_tell_nobody_apart():
    found = calibrate(full_table(np.full((8, 5), 3.0)))
    assert found.adjustment.scores == pytest.approx(np.full(8, 3.0))
    assert found.adjustment.better == pytest.approx(np.full((8, 8), 0.5))
    assert found.crossing(3) == ()


def test_those_who_are_equal_at_the_line_are_on_the_same_side_of_it():
    # Raw means are 4, 3, 3 and 1: the adjustment parts the two in the middle, and with two places only one of them crosses.
    scores = [Score(0, 0, 4), Score(0, 1, 4), Score(1, 0, 3), Score(2, 1, 3), Score(3, 0, 0), Score(3, 1, 2)]
    scores += [Score(4 + n, j, (0.2, 1)[j]) for n in range(4) for j in (0, 1)]
    found = calibrate(scores)
    assert found.raw[1] == found.raw[2]
    assert found.adjustment.scores[1] > found.adjustment.scores[2]
    assert found.crossing(2) == (2,)
    assert found.crossing(1) == found.crossing(3) == ()


def test_sums_in_another_order_are_still_equal():
    assert above(np.array([0.1 + 0.2, 0.3, 0.2]), 1).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("pairs", "refusals"),
    [
        ([], [(Obstacle.NO_OVERLAP, ())]),
        ([(i, 7) for i in range(6)], [(Obstacle.NO_OVERLAP, (7,))]),
        ([(i, j) for i in range(6) for j in (7, 8)], []),
        ([(i, 7) for i in range(6)] + [(i, 8) for i in range(4)], [(Obstacle.FEW_SCORES, (8,))]),
        ([(i, j) for i in range(6) for j in (1, 2)] + [(i, j) for i in range(6, 11) for j in (3, 4)], [(Obstacle.DISCONNECTED, (3, 4))]),
        ([(i, j) for i in range(6) for j in (1, 2)] + [(i, 3) for i in range(6, 11)], [(Obstacle.DISCONNECTED, (3,))]),
        (
            [(i, 1) for i in range(6)] + [(i, 2) for i in range(6, 8)],
            [(Obstacle.DISCONNECTED, (2,)), (Obstacle.FEW_SCORES, (2,)), (Obstacle.NO_OVERLAP, (1, 2))],
        ),
    ],
)
def test_scores_that_cannot_be_adjusted_say_why(pairs, refusals):
    found = calibrate([Score(i, j, (3 * i + j) % 5) for i, j in pairs])
    assert found.refusals == tuple(Refusal(*refusal) for refusal in refusals)
    assert (found.adjustment is None) == bool(refusals)
    assert len(found.raw) == len({i for i, _ in pairs})
    if refusals:
        assert found.crossing(3) == ()


def selections(leniency):
    """How many of the best twenty raw means and adjusted scores select, for each run, and how often intervals hold the truth."""
    dice = np.random.default_rng(SEED)
    task = Task(frozenset(range(APPLICATIONS)), frozenset(range(REVIEWERS)), REVIEWS)
    designs = [np.array(assign(task, seed).pairs).T for seed in range(20)]
    counts, held = [], []
    for run in range(RUNS):
        i, j = designs[run % len(designs)]
        quality = dice.normal(3, QUALITY, APPLICATIONS)
        values = quality[i] + dice.normal(0, leniency, REVIEWERS)[j] + dice.normal(0, NOISE, len(i))
        found = calibrate([Score(*given) for given in zip(i.tolist(), j.tolist(), values.tolist(), strict=True)])
        best, raw, adjusted = (set(np.argsort(-scores)[:PLACES]) for scores in (quality, found.raw, found.adjustment.scores))
        counts.append((len(best & raw), len(best & adjusted)))
        low, high = found.adjustment.interval
        held.append(((low <= quality) & (quality <= high)).mean())
    (raw, adjusted), share = np.mean(counts, axis=0), np.mean(held)
    error = np.subtract(*np.transpose(counts)).std() / math.sqrt(RUNS)
    print(
        f"\ncalibration, leniency {leniency}: of the best {PLACES} of {APPLICATIONS}, raw means select {raw:.2f} and adjusted"
        f" scores {adjusted:.2f}: {adjusted - raw:+.2f} (se {error:.2f}); intervals hold {share:.1%}; {RUNS} runs, seed {SEED}"
    )
    return raw, adjusted, share


def test_without_leniency_adjusting_costs_nothing():
    raw, adjusted, share = selections(0)
    assert abs(adjusted - raw) < 0.1
    assert share > 0.9


def test_with_leniency_adjusting_selects_better():
    raw, adjusted, share = selections(0.6)
    assert adjusted - raw >= 0.4
    assert share > 0.85

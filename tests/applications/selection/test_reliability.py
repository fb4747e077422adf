"""Agreement against tables worked out by hand, and warnings against what they should and should not take for odd."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from applications.selection.calibration import Score, calibrate
from applications.selection.reliability import agreement, drifts, halos, spearman_brown, undecided

SEED = 20190715
# Shrout and Fleiss, Intraclass correlations (Psychological Bulletin, 1979), table 2: six targets, four judges.
SHROUT_AND_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def full_table(values):
    return [Score(i, j, float(value)) for (i, j), value in np.ndenumerate(np.asarray(values))]


def test_agreement_is_that_of_the_textbook():
    found = agreement(full_table(SHROUT_AND_FLEISS), SEED)
    print(f"\nagreement: ICC(1,1) {found.single:.4f}, ICC(1,4) {found.of(4):.4f} (Shrout and Fleiss: .17 and .44)")
    assert found.single == pytest.approx((11.2417 - 6.2639) / (11.2417 + 3 * 6.2639), abs=1e-4)
    assert round(found.single, 2) == 0.17
    assert round(found.of(4), 2) == 0.44
    assert (found.scores, found.applications) == (24, 6)


def test_agreement_where_some_applications_have_more_scores():
    # Means 2, 6 and 2 about 4; MSB = (8 + 12 + 4) / 2 = 12, MSW = (2 + 6 + 0) / 3 = 8/3, k0 = (6 - 14/6) / 2 = 11/6.
    scores = [Score(1, 1, 1), Score(1, 2, 3), Score(2, 1, 5), Score(2, 2, 5), Score(2, 3, 8), Score(3, 1, 2)]
    assert agreement(scores, SEED).single == pytest.approx((12 - 8 / 3) / (12 + 5 / 6 * 8 / 3))


@pytest.mark.parametrize(("reviews", "reliability"), [(1, 0.26), (3, 0.51), (5, 0.64)])
def test_more_reviews_agree_better(reviews, reliability):
    assert spearman_brown(0.26, reviews) == pytest.approx(reliability, abs=0.005)


@pytest.mark.parametrize(
    "scores",
    [
        [],
        [Score(1, 1, 3)],
        [Score(1, 1, 3), Score(1, 2, 4)],
        [Score(1, 1, 3), Score(2, 1, 4), Score(3, 2, 2)],
        [Score(1, 1, 0.1), Score(1, 2, 0.1), Score(1, 3, 0.1), Score(2, 1, 0.1), Score(2, 2, 0.1)],
    ],
)
def test_where_nothing_can_agree_or_differ_there_is_no_figure(scores):
    assert agreement(scores, SEED) is None


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), min_size=2, max_size=4), min_size=2, max_size=8), st.floats(0.1, 10), st.floats(-50, 50))
def test_neither_the_unit_nor_the_zero_of_the_scale_matters(rows, unit, zero):
    scores = [Score(i, j, value) for i, row in enumerate(rows) for j, value in enumerate(row)]
    moved = [Score(score.application, score.reviewer, unit * score.value + zero) for score in scores]
    plain = agreement(scores, SEED)
    if len({score.value for score in scores}) > 1:
        assert -1 <= plain.single <= 1
        assert agreement(moved, SEED).single == pytest.approx(plain.single, abs=1e-6)
    else:
        assert plain is None


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    dice = np.random.default_rng(SEED)
    runs, truth, held, found = 300, 0.26, 0, []
    for run in range(runs):
        values = dice.normal(0, np.sqrt(truth), (60, 1)) + dice.normal(0, np.sqrt(1 - truth), (60, 3))
        one = agreement(full_table(values), run)
        found.append(one.single)
        held += one.low <= truth <= one.high
    print(f"\nagreement of {truth}: found {np.mean(found):.3f}, interval holds it in {held / runs:.1%} of {runs} runs, seed {SEED}")
    assert np.mean(found) == pytest.approx(truth, abs=0.02)
    assert 0.93 < held / runs < 0.98


def test_the_same_seed_gives_the_same_interval():
    scores = full_table(SHROUT_AND_FLEISS)
    assert agreement(scores, 1) == agreement(scores, 1)
    assert agreement(scores, 1).low < agreement(scores, 1).single < agreement(scores, 1).high


def test_a_review_that_marks_every_criterion_alike_has_a_halo():
    assert halos({1: [4, 4, 4, 4], 2: [4, 4, 4, 5], 3: [0, 0, 0], 4: [3, 3], 5: []}) == (1, 3)


def reviews_in_order(dice, slope):
    """Scores of one reviewer whose strictness changes, on applications that get worse, among two who stay the same."""
    quality = np.linspace(5, 1, 30)
    return [
        Score(application, reviewer, quality[application] + dice.normal(0, 0.5) + slope * application * (reviewer == 0))
        for application in range(30)
        for reviewer in range(3)
    ]


def test_drift_is_found_where_it_is_and_seldom_where_it_is_not():
    dice = np.random.default_rng(SEED)
    runs = 200
    steady = [drifts(reviews_in_order(dice, 0))[0] for _ in range(runs)]
    drifting = [drifts(reviews_in_order(dice, 0.05))[0] for _ in range(runs)]
    false, found = (np.mean([one.stands_out for one in those]) for those in (steady, drifting))
    print(f"\ndrift: found in {found:.1%} where it is 0.05 a review, in {false:.1%} where there is none; {runs} runs, seed {SEED}")
    assert np.mean([one.slope for one in drifting]) == pytest.approx(0.05, abs=0.005)
    assert 0.02 < false < 0.1
    assert found > 0.9


def test_drift_is_a_line_by_least_squares_with_the_interval_of_its_slope():
    scores = reviews_in_order(np.random.default_rng(SEED), 0.02)[:36]
    values = np.array([score.value for score in scores]).reshape(12, 3)
    line = stats.linregress(np.arange(12), values[:, 0] - values[:, 1:].mean(axis=1))
    margin = stats.t.ppf(0.975, 10) * line.stderr
    found = drifts(scores)[0]
    assert (found.slope, found.low, found.high) == pytest.approx((line.slope, line.slope - margin, line.slope + margin))


def test_drift_wants_ten_reviews_beside_those_of_others():
    scores = [Score(i, j, i % 3 + j) for i in range(10) for j in (1, 2)]
    assert [(one.reviewer, one.reviews) for one in drifts(scores)] == [(1, 10), (2, 10)]
    assert drifts(scores[:-1]) == ()
    assert drifts([]) == ()


def test_two_more_reviews_are_offered_where_the_interval_straddles_the_line():
    # Two are in and two are out whatever anybody thinks; seven reviewers are of two minds about the order of the middle two.
    values = np.array([[5] * 7, [5] * 6 + [4], [3, 3, 4] * 2 + [3], [3, 4, 3] * 2 + [4], [1] * 7, [1] * 6 + [2]])
    found = calibrate(full_table(values))
    assert sorted(undecided(found, 3)) == [2, 3]
    assert undecided(found, 2) == ()


@pytest.mark.parametrize("places", [0, 6, 7])
def test_without_a_line_nothing_straddles_it(places):
    assert undecided(calibrate(full_table(np.ones((6, 3)))), places) == ()


def test_without_an_adjustment_nothing_is_said_about_the_line():
    assert undecided(calibrate(full_table(np.ones((4, 3)))), 2) == ()

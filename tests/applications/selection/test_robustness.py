"""Shares of draws beside a choice among every set, draw by draw."""

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from applications.selection.portfolio import Bound, Candidate, Rules, choose
from applications.selection.robustness import Robustness, robustness, scorings
from tests.applications.selection.every_set import SEED, every_set, random_contest

CONTESTS, DRAWS = 100, 25


def test_shares_are_those_of_choosing_by_each_scoring_from_every_set():
    dice, differing = random.Random(SEED), 0
    for _ in range(CONTESTS):
        candidates, rules, seed = random_contest(dice, most=8)
        errors = np.array([one.value / 2 + 1 for one in candidates])
        counts = Counter()
        for scores in scorings(candidates, errors, seed, DRAWS):
            exact = [replace(one, value=round(score * 2**16)) for one, score in zip(candidates, scores, strict=True)]
            counts.update(every_set(exact, rules, seed).sets[0])
        found = robustness(candidates, rules, errors, seed, DRAWS)
        assert found == Robustness({one.application: counts[one.application] / DRAWS for one in candidates}, DRAWS, seed)
        differing += sum(0 < share < 1 for share in found.shares.values())
    print(
        f"\nrobustness: {CONTESTS} contests of up to 8, {DRAWS} draws each, seed {SEED}; {differing} candidates neither always in nor out"
    )
    assert differing > CONTESTS / 2


@pytest.fixture
def contest():
    dice = random.Random(SEED)
    candidates = [Candidate(dice.randrange(10**6), 1000 + 10 * number, frozenset({f"group {number % 3}"})) for number in range(12)]
    return candidates, Rules(5, (Bound("group 0", 2, 2),))


def test_where_scores_are_certain_so_is_the_choice(contest):
    found = robustness(*contest, np.zeros(12), SEED)
    chosen = choose(*contest, SEED).chosen
    assert found.shares == {one.application: float(one.application in chosen) for one in contest[0]}
    assert found.draws == 1000


def test_the_order_of_rows_makes_no_difference(contest):
    candidates, rules = contest
    errors = np.linspace(10, 60, 12)
    found = robustness(candidates, rules, errors, SEED, 200)
    assert robustness(candidates[::-1], rules, errors[::-1], SEED, 200) == found
    assert robustness(candidates, rules, errors, SEED + 1, 200).shares != found.shares
    assert sum(found.shares.values()) == pytest.approx(5)


def test_scorings_have_the_covariance_that_is_given(contest):
    candidates, _ = contest
    root = np.random.default_rng(SEED).normal(0, 20, (12, 12))
    drawn = scorings(candidates, root @ root.T, SEED, 50_000)
    assert drawn.mean(axis=0) == pytest.approx([one.value for one in candidates], abs=2)
    assert np.cov(drawn.T) == pytest.approx(root @ root.T, abs=300)
    assert np.abs(np.cov(drawn.T) - np.diag(np.diag(root @ root.T))).max() > 1000
    errors = np.linspace(10, 60, 12)
    assert np.std(scorings(candidates, errors, SEED, 50_000), axis=0) == pytest.approx(errors, rel=0.02)


def test_errors_that_hang_together_leave_the_order_alone(contest):
    # Everybody's score moves by the same.
    found = robustness(*contest, np.full((12, 12), 100.0), SEED, 100)
    assert set(found.shares.values()) == {0.0, 1.0}


def test_nobody_is_robust_among_nobody():
    assert robustness([], Rules(3), np.zeros(0), SEED, 10) == Robustness({}, 10, SEED)

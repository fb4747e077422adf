"""How long the mathematics of a large call take. The figures are for reading: only the results are held."""

import random
import statistics
import time

import pytest

from applications.selection.assignment import Assignment, Task, assign
from applications.selection.calibration import Score, calibrate
from applications.selection.reliability import agreement

pytestmark = pytest.mark.benchmark
ROUNDS = 5
SEED = 20190715
APPLICATIONS, REVIEWERS, REVIEWS = range(350), range(30), 5


def timed(name, work):
    """Print the median of the rounds, and return what the last one gave."""
    times = []
    for seed in range(ROUNDS):
        start = time.perf_counter()
        result = work(seed)
        times.append(time.perf_counter() - start)
    print(f"{name:<42}{statistics.median(times):>8.2f} s")
    return result


def test_a_large_call_is_assigned_adjusted_and_judged():
    dice = random.Random(SEED)
    pairs = [(i, j) for i in APPLICATIONS for j in REVIEWERS]
    conflicts = frozenset(dice.sample(pairs, len(pairs) // 20))
    preferences = {pair: dice.random() for pair in pairs}
    tasks = {
        "assigning": Task(frozenset(APPLICATIONS), frozenset(REVIEWERS), REVIEWS, conflicts),
        "assigning by preference": Task(frozenset(APPLICATIONS), frozenset(REVIEWERS), REVIEWS, conflicts, preferences=preferences),
        "assigning where six can read only ten": Task(
            frozenset(APPLICATIONS), frozenset(REVIEWERS), REVIEWS, frozenset((i, j) for i, j in pairs if i >= 10 and j < 6)
        ),
    }
    print(f"\n{len(APPLICATIONS)} applications, {len(REVIEWERS)} reviewers, {REVIEWS} reviews each, {ROUNDS} rounds, seed {SEED}")
    for name, task in tasks.items():
        found = timed(name, lambda seed, task=task: assign(task, seed))
        assert isinstance(found, Assignment)
        assert len(found.pairs) == len(APPLICATIONS) * REVIEWS
    scores = [Score(i, j, dice.gauss(3, 1)) for i, j in assign(tasks["assigning"], SEED).pairs]
    assert timed("adjusting", lambda _: calibrate(scores)).adjustment is not None
    assert timed("agreement with its interval", lambda seed: agreement(scores, seed)).scores == len(scores)

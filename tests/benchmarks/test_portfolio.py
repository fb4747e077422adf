"""How long a selection takes with everything that is said about it, in one request. The figures are for reading: only results are held."""

import random
import statistics
import time

import numpy as np
import pytest

from applications.selection.explanations import explain
from applications.selection.portfolio import Bound, Candidate, Rules, choose, promote, reserves
from applications.selection.robustness import robustness

pytestmark = pytest.mark.benchmark
ROUNDS, DRAWS = 3, 1000
SEED = 20190715
REGIONS, CONTROLS, KINDS, AREAS = (5, 8, 6, 9, 8, 12, 10, 16, 12), (5, 4, 2, 2), (9, 3, 3, 2, 2), 6
# How far each group's number of places may be from its share of the candidates.
USUAL, TIGHT = 0.3, 0.1


def council_contest(size, places, reach):
    """Councils in one region, control and kind, and in one to three focus areas, with a bound on every one of the 24 groups."""
    dice = random.Random(SEED)
    candidates = []
    for number in range(size):
        groups = {f"{kind} {dice.choices(range(len(sizes)), sizes)[0]}" for kind, sizes in
                  (("region", REGIONS), ("control", CONTROLS), ("kind", KINDS))}  # fmt: skip
        groups |= {f"area {area}" for area in dice.sample(range(AREAS), dice.choice([1, 2, 3]))}
        candidates.append(Candidate(number, max(0, round(dice.gauss(3200, 500))), frozenset(groups)))
    bounds = []
    for group in sorted(set().union(*(one.groups for one in candidates))):
        share = places * sum(group in one.groups for one in candidates) / size
        bounds.append(Bound(group, int((1 - reach) * share), -int(-(1 + reach) * share // 1)))
    return candidates, Rules(places, tuple(bounds))


@pytest.mark.parametrize("reach", [USUAL, TIGHT])
@pytest.mark.parametrize(("size", "places"), [(40, 20), (350, 20), (350, 60)])
def test_a_selection_with_all_that_explains_it(size, places, reach):
    candidates, rules = council_contest(size, places, reach)
    errors = np.full(size, 300.0)
    found = choose(candidates, rules, SEED)
    declined = sorted(found.chosen)[:2]
    works = {
        "choosing": lambda seed: choose(candidates, rules, seed),
        "prices, swaps and next sets": lambda seed: explain(candidates, rules, seed),
        f"robustness in {DRAWS} draws": lambda seed: robustness(candidates, rules, errors, seed, DRAWS),
        "ten reserves": lambda seed: reserves(candidates, rules, found.chosen, seed, 10),
        "promoting two": lambda seed: promote(candidates, rules, found.chosen, declined, seed),
    }
    print(f"\n{size} candidates, {places} places, {len(rules.bounds)} bounds within {reach:.0%} of the share, {ROUNDS} rounds, seed {SEED}")
    print(f"{'':<42}{'median':>8}  {'processor':>9}")
    total = busy = 0.0
    for name, work in works.items():
        times, used = [], []
        for seed in range(ROUNDS):
            start, start_busy = time.perf_counter(), time.process_time()
            work(seed)
            times.append(time.perf_counter() - start)
            used.append(time.process_time() - start_busy)
        print(f"{name:<42}{statistics.median(times):>8.2f} s{statistics.median(used):>9.2f} s")
        total, busy = total + statistics.median(times), busy + statistics.median(used)
    print(f"{'all together':<42}{total:>8.2f} s{busy:>9.2f} s")
    assert len(explain(candidates, rules, SEED).swaps) == size
    assert len(found.chosen) == places

"""Assignments checked one by one against a flow through the same tables, and small ones against every other there is."""

import itertools
import random
from collections import Counter

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from applications.selection import assignment
from applications.selection.assignment import Assignment, Cause, Obstruction, Task, assign

SEED = 20190715
INSTANCES = 1000
# How many ways to go we try before leaving a claim that nothing is connected unproven.
MOST_TRIES = 20_000


def random_task(dice):
    """A task with some conflicts, pins and sometimes a limit, in which anything may turn out impossible."""
    applications = [100 + i for i in range(dice.randint(1, 14))]
    reviewers = [500 + j for j in range(dice.randint(2, 8))]
    pairs = list(itertools.product(applications, reviewers))
    if dice.random() < 0.3:  # two camps, of which one is in conflict with most of what the other could read
        camps = {name: dice.random() < 0.5 for name in applications + reviewers}
        conflicts = [(i, j) for i, j in pairs if camps[i] != camps[j] and dice.random() < 0.9]
    else:
        conflicts = dice.sample(pairs, int(len(pairs) * dice.choice([0, 0.05, 0.1, 0.2, 0.4])))
    free = pairs if dice.random() < 0.1 else [pair for pair in pairs if pair not in set(conflicts)]
    pins = dice.sample(free, min(len(free), dice.choice([0, 0, 0, 1, 2, 3])))
    reviews = min(dice.choice([1, 2, 2, 3, 3]), len(reviewers))
    mean = reviews * len(applications) / len(reviewers)
    return Task(
        applications=frozenset(applications),
        reviewers=frozenset(reviewers),
        reviews=reviews,
        conflicts=frozenset(conflicts),
        pins=frozenset(pins),
        preferences={pair: dice.random() for pair in dice.sample(pairs, len(pairs) // 2)},
        most=None if dice.random() < 0.6 else int(mean) + dice.choice([0, 1, 1, 2, 3]),
    )


def useful_reviewers(task):
    return {j for j in task.reviewers if any((i, j) not in task.conflicts for i in task.applications)}


def can_be_done(task, least, most):
    """Whether there is an assignment with loads from `least` to `most` of all who can take any: a flow with lower bounds."""
    applications, reviewers = sorted(task.applications), sorted(useful_reviewers(task))
    pinned = Counter(j for _, j in task.pins)
    needs = {i: task.reviews - sum(pin[0] == i for pin in task.pins) for i in applications}
    lows = {j: max(0, least - pinned[j]) for j in reviewers}
    room = {j: most - pinned[j] for j in reviewers}
    if task.pins & task.conflicts or min(needs.values()) < 0 or min(room.values(), default=0) < 0:
        return False
    total, required = sum(needs.values()), sum(lows.values())
    if required > total or any(lows[j] > room[j] for j in reviewers):
        return False
    names = ["source", *applications, *reviewers, "lows", "rest", "sink"]
    place = {name: number for number, name in enumerate(names)}
    edges = {("source", i): needs[i] for i in applications}
    edges |= {(i, j): 1 for i in applications for j in reviewers if (i, j) not in task.conflicts | task.pins}
    edges |= {(j, "lows"): lows[j] for j in reviewers} | {(j, "rest"): room[j] - lows[j] for j in reviewers}
    edges |= {("lows", "sink"): required, ("rest", "sink"): total - required}
    ends = [(place[start], place[end]) for start, end in edges]
    graph = csr_array((np.array(list(edges.values()), dtype=np.int32), np.array(ends).T), shape=(len(names), len(names)))
    return maximum_flow(graph, place["source"], place["sink"]).flow_value == total


def is_connected(pairs):
    """Whether everything in the pairs hangs together."""
    parts = []
    for application, reviewer in pairs:
        joined = [part for part in parts if ("a", application) in part or ("r", reviewer) in part]
        parts = [part for part in parts if part not in joined] + [{("a", application), ("r", reviewer)}.union(*joined)]
    return len(parts) <= 1


def every_assignment(task, room, tries):
    """Yield the pairs of every assignment in which nobody's load exceeds their room. Counts its steps in `tries`."""

    def extend(left, chosen):
        tries[0] += 1
        if not left:
            yield chosen
            return
        application = left[0]
        for team in itertools.combinations([j for j in sorted(room) if (application, j) not in task.conflicts], task.reviews):
            if tries[0] > MOST_TRIES:
                return
            if {j for i, j in task.pins if i == application} <= set(team) and all(room[j] for j in team):
                for j in team:
                    room[j] -= 1
                yield from extend(left[1:], chosen + [(application, j) for j in team])
                for j in team:
                    room[j] += 1

    yield from extend(sorted(task.applications), [])


def judge(task, found):
    """Check one assignment, and return a word for each thing that is to be counted."""
    pairs, loads = set(found.pairs), Counter(j for _, j in found.pairs)
    useful = useful_reviewers(task)
    assert len(pairs) == len(found.pairs)
    assert not pairs & task.conflicts
    assert task.pins <= pairs
    assert Counter(i for i, _ in pairs) == dict.fromkeys(task.applications, task.reviews)
    assert found.loads == {j: loads[j] for j in task.reviewers}
    hard_limit = len(task.applications) if task.most is None else task.most
    least, most = min(loads[j] for j in useful), max(loads[j] for j in useful)
    assert most <= hard_limit
    low, rest = divmod(len(pairs), len(useful))
    high = low + bool(rest)
    assert set(found.stretched) == {j for j in useful if not low <= loads[j] <= high}
    counted = ["assigned"]
    if most - least > 1:
        assert not can_be_done(task, low, min(high, hard_limit))
        # As near as can be: neither the busiest can have less nor the idlest more.
        assert not can_be_done(task, 0, most - 1)
        assert not can_be_done(task, least + 1, hard_limit)
        counted.append("uneven, proven impossible")
    assert found.connected == is_connected(found.pairs)
    if found.connected:
        return [*counted, "connected"]
    if len(pairs) < len(task.applications) + sum(map(bool, loads.values())) - 1:
        return [*counted, "too few pairs to be connected"]
    tries = [0]
    room = dict(found.loads) if found.stretched else dict.fromkeys(useful, high)
    others = (
        pairs for pairs in every_assignment(task, room, tries) if min(Counter(j for _, j in pairs)[j] for j in useful) >= min(low, least)
    )
    assert not any(is_connected(other) for other in others)
    return [*counted, "not connected, proven impossible" if tries[0] <= MOST_TRIES else "not connected, unproven"]


def judge_obstructions(task, found):
    """Check that nothing could be done, and that every cause is as it is said to be."""
    assert not can_be_done(task, 0, len(task.applications) if task.most is None else task.most)
    free = {i: sum((i, j) not in task.conflicts for j in task.reviewers) for i in task.applications}
    for one in found:
        match one.cause:
            case Cause.PIN_IN_CONFLICT:
                assert (one.application, one.reviewer) in task.pins & task.conflicts
            case Cause.TOO_FEW_REVIEWERS:
                assert free[one.application] == one.found < one.limit == task.reviews
            case Cause.TOO_MANY_PINS:
                assert sum(i == one.application for i, _ in task.pins) == one.found > one.limit == task.reviews
            case Cause.PINNED_BEYOND_MOST:
                assert sum(j == one.reviewer for _, j in task.pins) == one.found > one.limit == task.most
            case Cause.CAPACITY:
                can_take = Counter(j for i in task.applications for j in task.reviewers if (i, j) not in task.conflicts)
                assert sum(min(task.most or 99, number) for number in can_take.values()) == one.found or task.most == 0
                assert one.found < one.limit == task.reviews * len(task.applications)
            case Cause.SHORT_TOGETHER:
                assert 0 <= one.found < one.limit == task.reviews <= free[one.application]
    return ["impossible", *(f"impossible: {cause}" for cause in {one.cause for one in found})]


def test_a_thousand_random_tasks():
    dice = random.Random(SEED)
    counts = Counter()
    for number in range(INSTANCES):
        task = random_task(dice)
        found = assign(task, seed=number)
        counts.update(judge(task, found) if isinstance(found, Assignment) else judge_obstructions(task, found))
    print(f"\nassignment: {INSTANCES} tasks, seed {SEED}")
    for what, number in sorted(counts.items()):
        print(f"{number:>6} {what}")
    assert counts["assigned"] + counts["impossible"] == INSTANCES
    assert min(counts["uneven, proven impossible"], counts["connected"], counts["not connected, proven impossible"]) > 0
    assert {f"impossible: {cause}" for cause in Cause} <= set(counts)
    assert counts["not connected, unproven"] == 0


def task_of(applications, reviewers, reviews, **more):
    return Task(frozenset(range(applications)), frozenset(range(reviewers)), reviews, **more)


def test_the_same_seed_gives_the_same_and_another_seed_another():
    task = task_of(30, 8, 3)
    assert assign(task, 1) == assign(task, 1)
    assert assign(task, 1).pairs != assign(task, 2).pairs


def test_preferences_are_followed_as_far_as_they_go():
    dice = random.Random(SEED)
    for seed in range(30):
        pairs = list(itertools.product(range(4), range(4)))
        preferred = frozenset(dice.sample(pairs, 6))
        task = task_of(4, 4, 2, conflicts=frozenset(dice.sample(pairs, 2)), preferences=dict.fromkeys(preferred, 1))
        found = assign(task, seed)
        others = [set(pairs) for pairs in every_assignment(task, dict.fromkeys(range(4), 2), [0]) if is_connected(pairs)]
        if isinstance(found, Assignment) and found.connected and not found.stretched:
            assert len(preferred & set(found.pairs)) == max(len(preferred & other) for other in others)


@pytest.fixture
def two_camps():
    """Everybody would rather stay in their own half."""
    return task_of(12, 6, 3, preferences={(i, j): 1 for i in range(12) for j in range(6) if (i < 6) == (j < 3)})


def test_a_graph_that_falls_apart_is_joined(two_camps):
    found = assign(two_camps, SEED)
    across = sum((i < 6) != (j < 3) for i, j in found.pairs)
    assert found.connected
    assert is_connected(found.pairs)
    assert across == 2  # one each way, so that loads stay even


def test_without_the_cuts_it_would_fall_apart(two_camps, monkeypatch):
    monkeypatch.setattr(assignment, "MOST_CUTS", 0)
    assert not is_connected(assign(two_camps, SEED).pairs)


def test_somebody_who_can_read_little_does_not_unsettle_the_rest():
    # Reviewer 5 may read two applications of twenty; the others share what is left as evenly as it can be.
    found = assign(task_of(20, 6, 3, conflicts=frozenset((i, 5) for i in range(18))), SEED)
    assert sorted(found.loads.values()) == [2, 11, 11, 12, 12, 12]
    assert found.stretched == (0, 1, 2, 3, 4, 5)


def test_somebody_who_can_read_nothing_is_left_out():
    found = assign(task_of(10, 4, 3, conflicts=frozenset((i, 3) for i in range(10))), SEED)
    assert found.loads == {0: 10, 1: 10, 2: 10, 3: 0}
    assert found.stretched == ()


def test_applications_that_compete_for_the_same_reviewers_are_named():
    # Each of the first three applications has the same two reviewers to go to, who may take two each.
    conflicts = frozenset((i, j) for i in range(3) for j in range(2, 5))
    found = assign(task_of(5, 5, 2, conflicts=conflicts, most=2), SEED)
    assert {one.cause for one in found} == {Cause.SHORT_TOGETHER}
    assert {one.application for one in found} <= {0, 1, 2}
    assert sum(one.limit - one.found for one in found) == 2


def test_every_cause_is_named_at_once():
    found = assign(
        task_of(4, 3, 2, conflicts=frozenset({(0, 0), (0, 1)}), pins=frozenset({(0, 0), (1, 0), (1, 1), (1, 2), (2, 0), (3, 0)}), most=2),
        SEED,
    )
    assert found == (
        Obstruction(Cause.PIN_IN_CONFLICT, application=0, reviewer=0),
        Obstruction(Cause.TOO_FEW_REVIEWERS, application=0, found=1, limit=2),
        Obstruction(Cause.TOO_MANY_PINS, application=1, found=3, limit=2),
        Obstruction(Cause.PINNED_BEYOND_MOST, reviewer=0, found=4, limit=2),
        Obstruction(Cause.CAPACITY, found=6, limit=8),
    )


def test_nothing_to_assign_is_no_work_for_anybody():
    assert assign(task_of(0, 3, 2), SEED) == Assignment((), {0: 0, 1: 0, 2: 0}, (), connected=True, seed=SEED)

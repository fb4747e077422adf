"""Prices, swaps and next best sets checked against every set there is."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from applications.selection.explanations import explain
from applications.selection.lottery import drawn
from applications.selection.portfolio import Bound, Candidate, Kind, Rule, Rules, choose
from tests.applications.selection.every_set import SEED, every_set, random_contest

CONTESTS = 120


def without(rules, single):
    """The rules without one, said in another way."""
    if single.kind == Kind.LOCKED_IN:
        return replace(rules, locked_in=rules.locked_in - {single.application})
    if single.kind == Kind.LOCKED_OUT:  # one who is locked in as well is not to be in at once
        return replace(without(rules, replace(single, kind=Kind.LOCKED_IN)), locked_out=rules.locked_out - {single.application})
    side = ("low", 0) if single.kind == Kind.AT_LEAST else ("high", None)
    bounds = list(rules.bounds)
    for place, bound in enumerate(bounds):
        if (bound.group, getattr(bound, side[0])) == (single.group, single.limit):
            bounds[place] = replace(bound, **dict([side]))
    return replace(rules, bounds=tuple(bounds))


def check_swaps(candidates, rules, ranking, found):
    names = {one.application for one in candidates}
    free = names - rules.locked_in - rules.locked_out
    taken = len(rules.locked_in & names - rules.locked_out) >= rules.places
    assert {swap.application for swap in found.swaps} == (free & ranking.sets[0] if taken else free)
    for swap in found.swaps:
        included = swap.application in ranking.sets[0]
        rank = ranking.first(lambda those, swap=swap, included=included: (swap.application in those) != included)
        assert (swap.broken, swap.cost) == (ranking.broken[rank] - ranking.broken[0], ranking.totals[0] - ranking.totals[rank])
        assert (swap.broken, swap.cost) >= (0, 0)
        assert ranking.sets[0] - swap.leaves | swap.enters == ranking.sets[rank]
        assert swap.application in (swap.leaves if included else swap.enters)
    order = [(swap.broken, swap.cost) for swap in found.swaps]
    assert order == sorted(order)


def check_prices(candidates, rules, seed, ranking, found):
    singles = [Rule(Kind.AT_LEAST, bound.low, bound.group) for bound in rules.bounds]
    singles += [Rule(Kind.AT_MOST, bound.high, bound.group) for bound in rules.bounds if bound.high is not None]
    singles += [Rule(Kind.LOCKED_IN, application=one) for one in rules.locked_in]
    singles += [Rule(Kind.LOCKED_OUT, application=one) for one in rules.locked_out]
    prices = {price.rule: price for price in found.prices}
    assert len(prices) == len(found.prices)
    for single in set(singles):
        relieved = every_set(candidates, without(rules, single), seed)
        before = relieved.broken[relieved.first(lambda those: those == ranking.sets[0])] if single.group else ranking.broken[0]
        gain, mended = relieved.totals[0] - ranking.totals[0], before - relieved.broken[0]
        assert (mended, gain) >= (0, 0) or len(ranking.sets[0]) > rules.places
        assert (single in prices) == bool(gain or mended)
        if single in prices:
            assert (prices[single].gain, prices[single].mended) == (gain, mended)
            assert ranking.sets[0] - prices[single].leaves | prices[single].enters == relieved.sets[0]
    return prices


def test_explanations_are_what_a_look_at_every_set_says():
    dice, counts = random.Random(SEED), Counter()
    for _ in range(CONTESTS):
        candidates, rules, seed = random_contest(dice, most=10)
        ranking, found = every_set(candidates, rules, seed), explain(candidates, rules, seed)
        assert found.portfolio == choose(candidates, rules, seed)
        assert [one.chosen for one in found.runners_up] == ranking.sets[1:6]
        assert [(one.broken, one.total) for one in found.runners_up] == list(zip(ranking.broken[1:6], ranking.totals[1:6], strict=True))
        check_swaps(candidates, rules, ranking, found)
        prices = check_prices(candidates, rules, seed, ranking, found)
        unbound = every_set(candidates, replace(rules, bounds=()), seed)
        assert found.unbound.chosen == unbound.sets[0]
        assert found.price_of_spread == unbound.totals[0] - ranking.totals[0] >= 0
        counts["swaps"] += len(found.swaps)
        counts["next best sets"] += len(found.runners_up)
        counts.update(f"prices: {rule.kind}" for rule in prices)
        counts["swaps that break a bound"] += sum(swap.broken > 0 for swap in found.swaps)
    print(f"\nexplanations: {CONTESTS} contests of up to 10 candidates, seed {SEED}")
    for what, number in sorted(counts.items()):
        print(f"{number:>6} {what}")
    assert min(counts.values()) > 20


@pytest.fixture
def councils():
    """Four districts in the north are better than anybody in the south, of whom there has to be one."""
    north = [Candidate(number, 400 - number, frozenset({"north"})) for number in range(4)]
    return [*north, Candidate(10, 350, frozenset({"south"})), Candidate(11, 340, frozenset({"south", "coast"}))]


def test_prices_and_swaps_say_who_leaves_and_who_enters(councils):
    found = explain(councils, Rules(3, (Bound("south", 1), Bound("coast", 0, 2)), locked_out=frozenset({2})), SEED)
    assert found.portfolio.chosen == {0, 1, 10}
    assert (found.price_of_spread, found.unbound.chosen) == (47, {0, 1, 3})
    assert found.percentage_of_spread == pytest.approx(100 * 47 / 1196)
    assert [(price.rule, price.gain, price.enters, price.leaves) for price in found.prices] == [
        (Rule(Kind.AT_LEAST, 1, "south"), 47, {3}, {10}),
    ]
    assert {swap.application: (swap.cost, swap.enters, swap.leaves) for swap in found.swaps} == {
        0: (3, {3}, {0}),
        1: (2, {3}, {1}),
        3: (2, {3}, {1}),
        10: (10, {11}, {10}),
        11: (10, {11}, {10}),
    }
    assert [one.total for one in found.runners_up] == [1147, 1146, 1139, 1137, 1136]


def test_a_lock_has_its_price(councils):
    found = explain(councils, Rules(2, locked_in=frozenset({11}), locked_out=frozenset({0})), SEED)
    assert found.portfolio.chosen == {1, 11}
    assert [(price.rule, price.gain) for price in found.prices] == [
        (Rule(Kind.LOCKED_IN, application=11), 58),
        (Rule(Kind.LOCKED_OUT, application=0), 1),
    ]


def test_breaking_a_bound_can_bring_points(councils):
    found = explain(councils, Rules(2, (Bound("north", 0, 1),)), SEED)
    swap = next(swap for swap in found.swaps if swap.application == 1)
    assert (found.portfolio.chosen, swap.broken, swap.cost) == ({0, 10}, 0, 1)
    locked = explain(councils, Rules(2, (Bound("north", 0, 1),), locked_in=frozenset({0})), SEED)
    swap = next(swap for swap in locked.swaps if swap.application == 1)
    assert (locked.portfolio.chosen, swap.broken, swap.cost) == ({0, 10}, 1, 350 - 399)


def test_with_all_places_locked_nobody_can_be_included(councils):
    found = explain(councils, Rules(1, locked_in=frozenset({10, 11})), SEED)
    assert found.portfolio.chosen == {10, 11}
    assert found.swaps == ()
    assert found.runners_up == ()


def test_there_may_be_fewer_next_sets_than_asked_for():
    found = explain([Candidate(1, 5), Candidate(2, 5)], Rules(1), SEED)
    assert [one.total for one in found.runners_up] == [5, 0]
    assert explain([], Rules(1, (Bound("north", 1),)), SEED).runners_up == ()


def test_equal_candidates_are_told_apart_by_lot_alone():
    candidates = [Candidate(number, 3) for number in range(40)]
    found, lots = explain(candidates, Rules(20), SEED), drawn(SEED, range(40))
    first = set(lots[:19])
    assert found.portfolio.chosen == first | {lots[19]}
    assert {(swap.cost, swap.broken) for swap in found.swaps} == {(0, 0)}
    swaps = {swap.application: (swap.enters, swap.leaves) for swap in found.swaps}
    assert swaps == {one: ({lots[20]}, {one}) for one in lots[:20]} | {one: ({one}, {lots[19]}) for one in lots[20:]}
    assert [one.chosen for one in found.runners_up] == [first | {one} for one in lots[20:25]]

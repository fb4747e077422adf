"""Selections checked against every set there is, and rules that cannot be met against what is said about them."""

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from applications.selection import programmes
from applications.selection.portfolio import Bound, Candidate, Kind, Rule, Rules, Unmet, choose, contest, promote, reserves
from applications.selection.programmes import TooHard
from tests.applications.selection.every_set import SEED, every_set, random_contest, unmet_by

CONTESTS = 2000


def test_two_thousand_selections_are_the_first_of_all_sets():
    dice, counts = random.Random(SEED), Counter()
    for _ in range(CONTESTS):
        candidates, rules, seed = random_contest(dice)
        ranking, found = every_set(candidates, rules, seed), choose(candidates, rules, seed)
        assert (found.broken, found.total) == (ranking.broken[0], ranking.totals[0])
        assert found.chosen == ranking.sets[0]
        unmet = {(one.rule.kind, one.rule.application or one.rule.group, one.rule.limit): one.by for one in found.unmet}
        assert unmet == unmet_by(candidates, rules, found.chosen)
        counts["contests with several best sets"] += [*ranking.broken[1:2], *ranking.totals[1:2]] == [found.broken, found.total]
        counts["no bound broken"] += not found.broken
        counts.update({one.rule.kind for one in found.unmet})
        counts["sets looked at"] += len(ranking.sets)
    print(f"\nselection: {CONTESTS} contests of up to 14 candidates, seed {SEED}")
    for what, number in sorted(counts.items()):
        print(f"{number:>8} {what}")
    assert min(counts["contests with several best sets"], counts["no bound broken"]) > CONTESTS / 10
    assert min(counts[kind] for kind in (Kind.PLACES, Kind.AT_LEAST, Kind.AT_MOST, Kind.LOCKED_IN)) > CONTESTS / 20


@pytest.fixture
def sixty_contests():
    dice = random.Random(SEED + 1)
    return [random_contest(dice, most=9) for _ in range(60)]


def answers(contests):
    return [choose(*one).chosen for one in contests]


def right_answers(contests):
    return [every_set(*one).sets[0] for one in contests]


@pytest.mark.parametrize(("name", "value"), [("MOST_LOTS", 1), ("WAVE", 2), ("FRACTION", 1)])
def test_how_it_is_found_makes_no_difference(monkeypatch, sixty_contests, name, value):
    monkeypatch.setattr(programmes, name, value)
    assert answers(sixty_contests) == right_answers(sixty_contests)


def test_values_so_large_that_few_lots_fit_beside_them_make_no_difference(sixty_contests):
    large = [([replace(one, value=one.value * 10**7) for one in candidates], rules, seed) for candidates, rules, seed in sixty_contests]
    assert answers(large) == right_answers(large)


def test_bad_prices_cost_time_but_not_the_answer(monkeypatch, sixty_contests):
    noise, relax = np.random.default_rng(SEED), programmes.relax

    def inaccurate(**given):
        prices = relax(**given)
        return prices + noise.normal(0, 1, prices.shape) * given["gain"].max()

    monkeypatch.setattr(programmes, "relax", inaccurate)
    assert answers(sixty_contests) == right_answers(sixty_contests)


def test_relaxations_left_unfinished_cost_time_but_not_the_answer(monkeypatch, sixty_contests):
    monkeypatch.setattr("applications.selection.relaxation.MOST_STEPS", 2)
    assert answers(sixty_contests) == right_answers(sixty_contests)


def test_a_proof_that_would_take_too_long_is_given_up(monkeypatch, sixty_contests):
    monkeypatch.setattr(programmes, "MOST_NODES", 1)
    with pytest.raises(TooHard):
        answers(sixty_contests)


def test_bounds_that_cannot_be_met_are_not_too_hard():
    dice = random.Random(SEED)
    kinds = {"region": 9, "control": 4, "kind": 5, "area": 6}
    for _ in range(3):
        candidates = [
            Candidate(number, dice.randint(0, 5000), frozenset(f"{kind} {dice.randrange(size)}" for kind, size in kinds.items()))
            for number in range(40)
        ]
        groups = [f"{kind} {number}" for kind, size in kinds.items() for number in range(size)]
        sizes = {group: sum(group in one.groups for one in candidates) // 2 for group in groups}
        more = {group: 3 * (dice.random() < 0.2) for group in groups}
        bounds = tuple(Bound(group, sizes[group] + more[group], sizes[group] + more[group] + 1) for group in groups)
        assert choose(candidates, Rules(20, bounds), SEED).broken > 0


@st.composite
def contests(draw):
    """Contests in which no two sets are worth the same."""
    groups = st.frozensets(st.sampled_from(["north", "south", "urban", "rural"]))
    candidates = [Candidate(number, 2**number, draw(groups)) for number in range(draw(st.integers(1, 8)))]
    bounds = st.builds(Bound, st.sampled_from(["north", "south", "urban", "rural"]), st.integers(0, 3), st.none() | st.integers(0, 3))
    return candidates, Rules(draw(st.integers(0, 8)), tuple(draw(st.lists(bounds, max_size=4))))


@settings(deadline=None, max_examples=50)
@given(contests(), st.randoms(use_true_random=False), st.integers(0))
def test_order_names_and_lots_make_no_difference_where_nothing_is_equal(given_contest, dice, seed):
    candidates, rules = given_contest
    names = dict(enumerate(dice.sample(range(1000), len(candidates))))
    others = [Candidate(names[one.application], one.value, one.groups) for one in dice.sample(candidates, len(candidates))]
    found, other = choose(candidates, rules, 1), choose(others, rules, seed)
    assert {names[application] for application in found.chosen} == other.chosen
    assert (found.total, found.unmet) == (other.total, other.unmet)


def test_the_order_of_rows_makes_no_difference_where_all_are_equal():
    candidates = [Candidate(number, 5, frozenset({f"group {number % 3}"})) for number in range(30)]
    rules = Rules(7, tuple(Bound(f"group {number}", 2, 3) for number in range(3)))
    found = choose(candidates, rules, SEED)
    assert choose(candidates[::-1], rules, SEED) == found
    assert choose(candidates, rules, SEED + 1).chosen != found.chosen
    # Nothing is worth more than the lots: whoever comes first is in, as far as the bounds allow.
    expected, sizes = set(), Counter()
    for one in contest(candidates, rules, SEED).candidates:
        (group,) = one.groups
        to_come = sum(max(0, 2 - sizes[f"group {number}"]) for number in range(3) if f"group {number}" != group)
        if sizes[group] < 3 and len(expected) + 1 + to_come <= 7:
            expected.add(one.application)
            sizes[group] += 1
    assert found.chosen == expected


FIVE = tuple(Candidate(number, value, frozenset({"north" if number < 3 else "south"})) for number, value in enumerate((0, 40, 30, 20, 10)))
NORTH, SOUTH = Rule(Kind.AT_LEAST, 2, "north"), Rule(Kind.AT_MOST, 1, "south")


@pytest.mark.parametrize(
    ("rules", "chosen", "unmet"),
    [
        (Rules(2), {1, 2}, ()),
        (Rules(0), set(), ()),
        (Rules(-1), set(), (Unmet(Rule(Kind.PLACES, -1), 1),)),
        (Rules(9), {0, 1, 2, 3, 4}, ()),  # nobody is too bad for a place that nobody else wants
        (Rules(2, (Bound("south", 1),)), {1, 3}, ()),
        (Rules(2, (Bound("north", 3),)), {1, 2}, (Unmet(Rule(Kind.AT_LEAST, 3, "north"), 1),)),
        (Rules(4, (Bound("west", 2),)), {1, 2, 3, 4}, (Unmet(Rule(Kind.AT_LEAST, 2, "west"), 2),)),
        (Rules(4, (Bound("north", 2, 1),)), {1, 2, 3, 4}, (Unmet(Rule(Kind.AT_MOST, 1, "north"), 1),)),
        (Rules(3, (Bound("north", 2), Bound("south", 2))), {1, 2, 3}, (Unmet(Rule(Kind.AT_LEAST, 2, "south"), 1),)),
        (Rules(3, (Bound("south", 0, 0), Bound("north", 0, 1))), {1}, ()),  # an empty place breaks nothing
        (Rules(1, locked_in=frozenset({3, 4})), {3, 4}, (Unmet(Rule(Kind.PLACES, 1), 1),)),
        (Rules(2, locked_in=frozenset({4}), locked_out=frozenset({1})), {4, 2}, ()),
        (Rules(2, locked_in=frozenset({1, 77}), locked_out=frozenset({1})), {2, 3}, (
            Unmet(Rule(Kind.LOCKED_IN, application=1), 1), Unmet(Rule(Kind.LOCKED_IN, application=77), 1))),
        (Rules(4, (Bound("south", 0, 1),), locked_in=frozenset({3, 4})), {3, 4, 1, 2}, (Unmet(Rule(Kind.AT_MOST, 1, "south"), 1),)),
        (Rules(2, (Bound("north", 10**9, 10**9),)), {1, 2}, (Unmet(Rule(Kind.AT_LEAST, 10**9, "north"), 10**9 - 2),)),
    ],
)  # fmt: skip
def test_what_cannot_be_met_is_named_with_by_how_much(rules, chosen, unmet):
    found = choose(FIVE, rules, SEED)
    assert (found.chosen, found.unmet) == (chosen, unmet)
    assert found.total == sum(one.value for one in FIVE if one.application in chosen)


def test_without_candidates_nobody_is_chosen():
    found = choose([], Rules(3, (Bound("north", 1, 2),)), SEED)
    assert (found.chosen, found.total, found.broken) == (frozenset(), 0, 1)


def test_values_that_sums_have_no_room_for_are_refused():
    assert choose([Candidate(number, 10**6) for number in range(400)], Rules(100), 1).total == 10**8
    with pytest.raises(ValueError, match="too large"):
        choose([Candidate(number, 10**15) for number in range(400)], Rules(100), 1)


def test_a_value_is_not_below_nothing_and_nobody_stands_twice():
    with pytest.raises(ValueError, match="below 0"):
        Candidate(1, -1)
    with pytest.raises(ValueError, match="only once"):
        choose([Candidate(1, 1), Candidate(1, 2)], Rules(1), 1)


def test_whoever_is_promoted_makes_the_best_set_without_those_who_declined():
    dice, entered = random.Random(SEED), 0
    for _ in range(100):
        candidates, rules, seed = random_contest(dice, most=9)
        chosen = choose(candidates, rules, seed).chosen
        declined = frozenset(dice.sample(sorted(chosen), min(len(chosen), dice.randint(1, 2))))
        found = promote(candidates, rules, chosen, declined, seed)
        stay = rules.locked_in | chosen
        left = Rules(rules.places, rules.bounds, stay - declined, rules.locked_out | declined)
        assert found.after.chosen == every_set(candidates, left, seed).sets[0]
        assert found.after.chosen >= chosen - declined
        assert (found.before.chosen, found.before.broken) == (chosen, choose(candidates, rules, seed).broken)
        assert set(found.enters) == found.after.chosen - chosen
        values = {one.application: one.value for one in candidates}
        assert [values[one] for one in found.enters] == sorted((values[one] for one in found.enters), reverse=True)
        entered += len(found.enters)
    assert entered > 50


def test_a_promotion_says_which_rules_are_then_met_or_not():
    rules = Rules(3, (Bound("north", 2), Bound("south", 1)))
    assert choose(FIVE, rules, SEED).chosen == {1, 2, 3}
    found = promote(FIVE, rules, {1, 2, 3}, {1, 2}, SEED)
    assert found.enters == (4, 0)
    assert found.before.unmet == ()
    assert found.after.unmet == (Unmet(Rule(Kind.AT_LEAST, 2, "north"), 1),)


def test_reserves_come_in_the_order_in_which_one_more_place_would_go_to_them():
    dice, found_any = random.Random(SEED), 0
    for _ in range(100):
        candidates, rules, seed = random_contest(dice, most=9)
        chosen = choose(candidates, rules, seed).chosen
        order, taken = reserves(candidates, rules, chosen, seed, 4), chosen
        for application in order:
            more = Rules(len(taken) + 1, rules.bounds, taken, rules.locked_out - taken)
            one_more = [those for those in every_set(candidates, more, seed).sets if len(those) > len(taken)]
            taken |= {application}
            assert one_more[0] == taken
        left = {one.application for one in candidates} - rules.locked_out - taken
        assert len(order) == 4 or not left
        found_any += len(order)
    assert found_any > 100
    assert reserves(FIVE, Rules(1, (Bound("south", 1),)), {3}, SEED, 9) == (1, 2, 4, 0)

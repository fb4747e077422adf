"""Scenarios: what is frozen, what is chosen and why, and that a scenario reproduces exactly."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from applications.models import CriterionScore, Scenario
from applications.services.workbench.calculation import Result
from applications.services.workbench.candidates import HIDDEN_SCORES, IN_CONFLICT, Field, gather
from applications.services.workbench.rules import Bound, Lock, Rules
from applications.services.workbench.scenarios import NOBODY, begin, change, renew, repeated, save_with_name
from applications.states import ApplicationStatus, ConflictStatus, Recommendation, ReviewStatus, ScoreBasis
from tests.applications.workbench.conftest import NORTH, SOUTH
from tests.factories import StaffFactory
from tests.factories.judging import AssignmentFactory, ConflictFactory, PanelMemberFactory, ReviewFactory, ShortlistedFactory
from upstream.audit.models import Entry
from upstream.transitions import InvalidTransition


def changed(scenario, staff, *bounds, locks=(), places=3, reserves=1, basis=ScoreBasis.RAW):
    return change(scenario=scenario, places=places, basis=basis, rules=Rules(bounds, tuple(locks), reserves), by=staff)


def chosen(scenario, field):
    result = Result.read(scenario.result)
    return [place for place, application in enumerate(field) if application.pk in result.chosen]


def result(scenario):
    scenario.refresh_from_db()
    return Result.read(scenario.result)


def test_the_first_scenario_takes_the_best_with_the_cohorts_places(scenario, field, staff):
    assert (scenario.places, scenario.basis, scenario.made_by) == (3, ScoreBasis.MODERATED, staff)
    assert set(chosen(scenario, field)) >= {0, 1}
    assert len(result(scenario).chosen) == 3
    assert Entry.objects.about(scenario).get().verb == "scenario.made"


def test_bounds_are_met_and_priced(scenario, field, staff):
    spread = changed(scenario, staff, Bound("region", SOUTH, low=2))
    found = result(spread)
    assert chosen(spread, field) == [0, 3, 5]
    assert (found.total, found.free_total) == (90 + 30 + 50, 90 + 70 + 50)
    assert [(price.bound, price.points) for price in found.prices] == [(0, 40)]
    assert not found.unmet


def test_what_cannot_be_met_is_named_with_by_how_much(scenario, field, staff):
    found = result(changed(scenario, staff, Bound("region", SOUTH, low=3), Bound("region", NORTH, low=2)))
    assert sum(each.by for each in found.unmet) == 2
    assert len(found.chosen) == 3


def test_swaps_say_who_leaves_and_what_it_costs(scenario, field, staff):
    found = result(changed(scenario, staff))
    swap = found.swaps[field[3].pk]
    assert swap.cost == 20
    assert len(swap.leaves) == 1
    assert all(each.cost >= 0 for each in found.swaps.values())


def test_an_override_is_kept_with_its_price(scenario, field, staff):
    found = result(changed(scenario, staff, locks=[Lock(field[4].pk, is_in=True, reason="Rural")]))
    assert field[4].pk in found.chosen
    assert found.lock_prices == {field[4].pk: 40}


def test_a_scenario_reproduces_exactly_and_a_changed_one_does_not(scenario, staff, field):
    spread = changed(scenario, staff, Bound("region", SOUTH, low=2), locks=[Lock(field[4].pk, is_in=False, reason="Late")])
    spread.refresh_from_db()
    assert repeated(spread) == Result.read(spread.result)
    spread.inputs["candidates"][0]["raw"] = 1.0
    assert repeated(spread) != Result.read(spread.result)


def test_equal_candidates_are_parted_by_the_seed_alone(call, members, staff):
    from tests.applications.workbench.conftest import candidates

    found = candidates(call, members, 12)  # marks repeat after six, so each score is there twice
    scenario = begin(call=call, by=staff)
    assert Result.read(scenario.result).chosen == Result.read(renew(scenario=scenario, by=staff).result).chosen
    assert len(found) == 12


def test_the_same_rules_are_the_same_scenario(scenario, staff):
    rules = Rules.read(scenario.rules)
    assert change(scenario=scenario, places=3, basis=scenario.basis, rules=rules, by=staff) == scenario
    assert Scenario.objects.count() == 1


def test_inputs_are_frozen_and_a_new_one_starts_from_the_present(scenario, staff, field):
    CriterionScore.objects.filter(review__assignment__application=field[3]).update(score=5)
    scenario.refresh_from_db()
    old = Field.read(scenario.inputs)
    assert gather(scenario.call, staff)[0] != old
    assert changed(scenario, staff).inputs == scenario.inputs
    fresh = renew(scenario=scenario, by=staff)
    assert Field.read(fresh.inputs) == gather(scenario.call, staff)[0]
    assert field[3].pk in Result.read(fresh.result).chosen


def test_whoever_has_left_the_field_leaves_with_their_override(scenario, staff, field):
    locked = changed(scenario, staff, locks=[Lock(field[5].pk, is_in=True, reason="Rural")])
    type(field[5]).objects.filter(pk=field[5].pk).update(status=ApplicationStatus.WITHDRAWN)
    fresh = renew(scenario=locked, by=staff)
    assert Rules.read(fresh.rules).locks == ()
    assert len(Field.read(fresh.inputs).candidates) == 5


def test_a_meetings_score_counts_where_there_is_one(scenario, staff, field, call):
    from django.utils import timezone

    from applications.models import MeetingItem, PanelMeeting

    now = timezone.now()
    meeting = PanelMeeting.objects.create(panel=call.panel, starts_at=now, opened_at=now, made_by=staff)
    details = {"meeting": meeting, "recommendation": Recommendation.SELECT, "reason": "Why"}
    MeetingItem.objects.create(application=field[4], position=1, closed_at=now, moderated_score=99, **details)
    MeetingItem.objects.create(application=field[3], position=2, moderated_score=99, meeting=meeting)
    fresh = renew(scenario=scenario, by=staff)
    by_key = Field.read(fresh.inputs).by_key()
    assert (by_key[field[4].pk].moderated, by_key[field[4].pk].recommendation) == (99, "select")
    assert by_key[field[3].pk].moderated is None
    assert field[4].pk in Result.read(fresh.result).chosen
    assert field[4].pk not in Result.read(changed(fresh, staff).result).chosen  # by raw means


def test_the_last_meetings_word_stands(scenario, staff, field, call):
    from django.utils import timezone

    from applications.models import MeetingItem, PanelMeeting

    now = timezone.now()
    for days, score in ((2, 10), (1, 90)):
        at = now - timedelta(days=days)
        meeting = PanelMeeting.objects.create(panel=call.panel, starts_at=at, opened_at=at, ended_at=at, made_by=staff)
        item = {"meeting": meeting, "position": 1, "closed_at": at, "recommendation": Recommendation.SELECT, "reason": "Why"}
        MeetingItem.objects.create(application=field[4], moderated_score=score, **item)
    assert Field.read(renew(scenario=scenario, by=staff).inputs).by_key()[field[4].pk].moderated == 90


def test_whoever_has_no_score_gets_a_place_only_from_a_person(scenario, staff, call):
    unscored = ShortlistedFactory(call=call)
    fresh = renew(scenario=scenario, by=staff)
    assert unscored.pk not in result(changed(fresh, staff, places=7)).chosen
    assert unscored.pk in result(changed(fresh, staff, locks=[Lock(unscored.pk, is_in=True, reason="We know it")])).chosen


@pytest.mark.parametrize("status", [ConflictStatus.ACTIVE, ConflictStatus.WAIVED])
def test_whoever_has_a_conflict_in_the_field_sees_and_starts_nothing(scenario, call, staff, field, status):
    waiver = {"decided_by": staff, "reason": "Over"} if status == ConflictStatus.WAIVED else {}
    ConflictFactory(user=staff, application=field[5], status=status, **waiver)
    kept_out = status == ConflictStatus.ACTIVE
    assert Scenario.objects.visible_to(staff).exists() is not kept_out
    assert (gather(call, staff)[1] == IN_CONFLICT) is kept_out
    if kept_out:
        with pytest.raises(InvalidTransition, match="conflict of interest"):
            begin(call=call, by=staff)


def test_a_conflict_with_somebody_who_is_not_a_candidate_does_not_matter(scenario, call, staff, field):
    ConflictFactory(user=staff, application__call=call)
    assert Scenario.objects.visible_to(staff).exists()
    assert gather(call, staff)[1] == ""


def test_whoever_still_has_a_review_to_submit_waits(scenario, call, field):
    member = PanelMemberFactory(panel=call.panel, user=StaffFactory())
    review = ReviewFactory(assignment=AssignmentFactory(application=field[0], member=member))
    assert gather(call, member.user)[1] == HIDDEN_SCORES
    type(review).objects.filter(pk=review.pk).update(status=ReviewStatus.SUBMITTED, submitted_at="2019-07-01T12:00Z")
    assert gather(call, member.user)[1] == ""


def test_there_is_nothing_to_start_without_candidates(call, staff):
    with pytest.raises(InvalidTransition, match=NOBODY[:30]):
        begin(call=call, by=staff)


def test_wrecked_rules_have_a_result(scenario, staff, field):
    assert result(changed(scenario, staff, places=0)).chosen == frozenset()
    everybody = [Lock(each.pk, is_in=place < 3, reason="So") for place, each in enumerate(field)]
    assert len(result(changed(scenario, staff, locks=everybody)).chosen) == 3
    assert len(result(changed(scenario, staff, places=1000)).chosen) == 6
    assert result(changed(scenario, staff, Bound("region", SOUTH, low=1000))).unmet[0].by == 997
    assert result(changed(scenario, staff, Bound("region", "nowhere", low=1))).unmet[0].is_short


def test_a_name_is_taken_once(scenario, staff):
    other = changed(scenario, staff)
    save_with_name(scenario_id=scenario.pk, name="Wide", note="", by=staff)
    with pytest.raises(ValidationError, match="has this name"):
        save_with_name(scenario_id=other.pk, name="Wide", note="", by=staff)
    assert save_with_name(scenario_id=scenario.pk, name="Wide", note="Better", by=staff).note == "Better"
    assert list(Scenario.objects.saved()) == [scenario]

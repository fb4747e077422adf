"""Adopting a scenario: what is held, what stands in the way, and what is let go."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from applications.models import Application, CriterionScore, Decision
from applications.services.decisions import hold
from applications.services.workbench.adopting import CHANGED, PENDING, adopt, by_hand
from applications.services.workbench.calculation import Result
from applications.services.workbench.rules import Bound, Lock, Rules
from applications.services.workbench.scenarios import begin, change, save_with_name
from applications.states import ApplicationStatus, ScoreBasis, Stage
from tests.applications.workbench.conftest import SOUTH, candidates
from tests.factories.judging import ConflictFactory, DecisionFactory, ReleaseFactory, ShortlistedFactory
from upstream.audit.models import Entry
from upstream.transitions import InvalidTransition

QUERIES = 42


@pytest.fixture
def spread(scenario, field, staff):
    rules = Rules((Bound("region", SOUTH, low=2),), (Lock(field[4].pk, is_in=True, reason="Nobody else is rural"),), reserves=2)
    spread = change(scenario=scenario, places=3, basis=ScoreBasis.RAW, rules=rules, by=staff)
    save_with_name(scenario_id=spread.pk, name="Two from the south", note="", by=staff)
    spread.refresh_from_db()
    return spread


def held():
    return {decision.application_id: decision for decision in Decision.objects.held()}


def test_every_candidate_has_a_held_decision_with_its_reason(spread, field, staff):
    adopt(scenario_id=spread.pk, overwrite=set(), by=staff)
    decisions = held()
    outcomes = [decisions[application.pk].outcome for application in field]
    assert outcomes.count(ApplicationStatus.OFFERED) == 3
    assert outcomes.count(ApplicationStatus.RESERVE) == 2
    assert {decision.scenario for decision in decisions.values()} == {spread}
    assert {decision.stage for decision in decisions.values()} == {Stage.SELECTION}
    ranks = [decisions[pk].reserve_rank for pk in Result.read(spread.result).reserves]
    assert ranks == [1, 2]
    reason = decisions[field[4].pk].reason
    assert reason == "Scenario “Two from the south”: offer a place. Kept in by a person: Nobody else is rural. Price: 20.0 points."
    for application in field:
        application.refresh_from_db()
        assert application.status == ApplicationStatus.SHORTLISTED
    spread.refresh_from_db()
    assert spread.adopted_by == staff
    assert Entry.objects.about(spread).filter(verb="scenario.adopted").exists()


@pytest.mark.parametrize("number", [5, 50])
def test_it_asks_as_many_questions_for_fifty_candidates_as_for_five(call, members, staff, number, django_assert_num_queries):
    candidates(call, members, number)
    scenario = begin(call=call, by=staff)
    with django_assert_num_queries(QUERIES):
        adopt(scenario_id=scenario.pk, overwrite=set(), by=staff)
    assert len(held()) == number


def test_it_is_refused_while_a_release_waits(spread, call, staff):
    ReleaseFactory(call=call)
    with pytest.raises(InvalidTransition, match=PENDING):
        adopt(scenario_id=spread.pk, overwrite=set(), by=staff)
    assert not held()


def test_it_is_refused_once_scores_or_candidates_have_changed(spread, call, staff, field):
    with transaction.atomic():
        CriterionScore.objects.filter(review__assignment__application=field[0]).update(score=1)
        with pytest.raises(InvalidTransition, match=CHANGED):
            adopt(scenario_id=spread.pk, overwrite=set(), by=staff)
        transaction.set_rollback(True)
    field[0].status = ApplicationStatus.WITHDRAWN
    field[0].save()
    with pytest.raises(InvalidTransition, match=CHANGED):
        adopt(scenario_id=spread.pk, overwrite=set(), by=staff)
    assert not held()


def test_it_is_refused_to_whoever_has_a_conflict(spread, field, staff):
    ConflictFactory(user=staff, application=field[0])
    with pytest.raises(InvalidTransition, match="conflict of interest"):
        adopt(scenario_id=spread.pk, overwrite=set(), by=staff)
    assert not held()


def test_a_candidate_without_a_score_stands_in_the_way_until_a_person_says_where_it_goes(scenario, call, staff):
    from applications.services.workbench.scenarios import renew

    unscored = ShortlistedFactory(call=call, reference="W-999")
    fresh = renew(scenario=scenario, by=staff)
    assert unscored.pk not in Result.read(fresh.result).chosen
    with pytest.raises(InvalidTransition, match="without a score that counts: W-999"):
        adopt(scenario_id=fresh.pk, overwrite=set(), by=staff)
    rules = Rules(locks=(Lock(unscored.pk, is_in=False, reason="Nobody reviewed it"),))
    settled = change(scenario=fresh, places=3, basis=fresh.basis, rules=rules, by=staff)
    adopt(scenario_id=settled.pk, overwrite=set(), by=staff)
    assert held()[unscored.pk].outcome == ApplicationStatus.NOT_SELECTED


def test_what_was_decided_by_hand_is_shown_and_only_lost_when_let_go(spread, field, staff):
    lost = DecisionFactory(application=field[0], stage=Stage.SELECTION, outcome=ApplicationStatus.NOT_SELECTED, feedback="Kept")
    same = DecisionFactory(application=field[5], stage=Stage.SELECTION, outcome=held_outcome(spread, field[5]))
    assert by_hand(spread) == [lost]
    with pytest.raises(ValidationError, match="1 decision made by hand would be lost"):
        adopt(scenario_id=spread.pk, overwrite={same.application_id}, by=staff)
    assert len(held()) == 2
    adopt(scenario_id=spread.pk, overwrite={field[0].pk}, by=staff)
    lost.refresh_from_db()
    assert (lost.outcome, lost.scenario, lost.feedback) == (ApplicationStatus.OFFERED, spread, "Kept")
    assert len(held()) == 6


def test_another_rank_that_a_person_gave_is_a_decision_by_hand(spread):
    first, second = (Application.objects.get(pk=pk) for pk in Result.read(spread.result).reserves)
    reserve = {"stage": Stage.SELECTION, "outcome": ApplicationStatus.RESERVE}
    DecisionFactory(application=first, reserve_rank=1, **reserve)
    other = DecisionFactory(application=second, reserve_rank=3, **reserve)
    assert by_hand(spread) == [other]


def held_outcome(scenario, application):
    return ApplicationStatus.OFFERED if application.pk in Result.read(scenario.result).chosen else ApplicationStatus.NOT_SELECTED


def test_another_scenario_takes_over_what_one_wrote_and_not_what_was_changed_since(scenario, spread, field, staff):
    adopt(scenario_id=spread.pk, overwrite=set(), by=staff)
    assert by_hand(scenario) == []
    decision = held()[field[0].pk]
    Decision.objects.filter(pk=decision.pk).update(decided_at="2019-07-01T12:00Z")
    hold(decision, outcome=ApplicationStatus.NOT_SELECTED, reason="By hand", feedback="", by=staff)
    Decision.objects.filter(pk=decision.pk).update(decided_at="2019-07-01T12:00Z")
    assert [each.application for each in by_hand(scenario)] == [field[0]]


def test_the_call_is_locked_first_and_then_the_eois(spread, staff, django_assert_max_num_queries):
    with django_assert_max_num_queries(200) as captured:
        adopt(scenario_id=spread.pk, overwrite=set(), by=staff)
    locks = [query["sql"] for query in captured.captured_queries if "FOR NO KEY UPDATE" in query["sql"]]
    tables = [sql.split("FROM ")[1].split()[0].strip('"') for sql in locks]
    assert tables[:3] == ["applications_call", "applications_application", "applications_scenario"]
    assert connection.in_atomic_block

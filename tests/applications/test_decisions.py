"""Decisions wait apart from the status that councils see, and may change until they are on their way."""

import pytest
from django.core.exceptions import ValidationError

from applications.models import Application, Decision
from applications.services.conflicts import Interest, declare_conflict
from applications.services.decisions import DecisionConflict, accept_shared_outcomes, clear_decision, decide, in_conflict_now
from applications.services.triage import reopen_assessment
from applications.states import ApplicationStatus, ConflictKind
from tests.factories import StaffFactory
from tests.factories.judging import ConflictFactory, DecisionFactory, ReleaseFactory, SubmittedFactory, judge, scored_call
from upstream.audit.models import Entry
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
INTEREST = Interest(ConflictKind.ADVISER, "Paid last year")
SHORTLISTED, NOT_SHORTLISTED = ApplicationStatus.SHORTLISTED, ApplicationStatus.NOT_SHORTLISTED


@pytest.fixture
def eoi(db):
    return SubmittedFactory(call=scored_call())


def version_of(eoi):
    held = eoi.decisions.held().first()
    return held.version if held else ""


def decided(eoi, by, outcome=SHORTLISTED, reason="Strong.", feedback=""):
    return decide(application_id=eoi.pk, outcome=outcome, reason=reason, feedback=feedback, seen=version_of(eoi), by=by)


def cleared(eoi, by):
    clear_decision(application_id=eoi.pk, seen=version_of(eoi), by=by)


def test_a_decision_is_held_changed_and_cleared_and_the_status_stays(eoi, staff):
    decided(eoi, staff)
    other = StaffFactory()
    changed = decided(eoi, other, ApplicationStatus.INELIGIBLE, "A parish.", "You can apply through your county.")
    assert Decision.objects.get() == changed
    assert (changed.outcome, changed.decided_by, changed.feedback) == ("ineligible", other, "You can apply through your county.")
    eoi.refresh_from_db()
    assert eoi.status == ApplicationStatus.SUBMITTED
    cleared(eoi, staff)
    assert not Decision.objects.exists()
    entries = Entry.objects.about(eoi).values_list("verb", "data")  # no outcome: many read the trail, and councils have not been told
    assert list(entries) == [("decision.held", {}), ("decision.held", {}), ("decision.cleared", {})]
    with pytest.raises(InvalidTransition, match="no decision"):
        cleared(eoi, staff)


@pytest.mark.parametrize("why", ["withdrawn", "told", "prepared", "conflict"])
def test_what_is_on_its_way_or_not_theirs_to_judge_is_not_decided(eoi, staff, why):
    decision = decided(eoi, staff)
    if why == "withdrawn":
        Application.objects.update(status=ApplicationStatus.WITHDRAWN)
    elif why == "told":
        Application.objects.update(status=SHORTLISTED)
    elif why == "prepared":
        Decision.objects.update(release=ReleaseFactory(call=eoi.call))
    else:
        ConflictFactory(application=eoi, user=staff)
    with pytest.raises(InvalidTransition):
        decided(eoi, staff, NOT_SHORTLISTED)
    with pytest.raises(InvalidTransition):
        cleared(eoi, staff)
    decision.refresh_from_db()
    assert decision.outcome == SHORTLISTED


def test_a_decision_needs_a_reason_and_an_outcome_of_its_stage(eoi, staff):
    with pytest.raises(ValidationError) as refusal:
        decided(eoi, staff, reason="")
    assert set(refusal.value.message_dict) == {"reason"}
    with pytest.raises(ValidationError) as refusal:
        decided(eoi, staff, ApplicationStatus.OFFERED)
    assert set(refusal.value.message_dict) == {"outcome"}


def test_shared_outcomes_are_accepted_and_whatever_changed_meanwhile_is_named(eoi, staff):
    good, reopened, taken, gone, hidden, rescored = SubmittedFactory.create_batch(6, call=eoi.call)
    for each in (good, reopened, taken, gone, hidden, rescored):
        for _ in range(2):
            judge(each, StaffFactory(), 4)
    expected = {each.pk: SHORTLISTED for each in (good, reopened, taken, gone, hidden, rescored)}
    reopened_one = reopened.assessments.first()
    reopen_assessment(assessment_id=reopened_one.pk, by=reopened_one.assessor)
    kept = DecisionFactory(application=taken, outcome=NOT_SHORTLISTED)
    Application.objects.filter(pk=gone.pk).update(status=ApplicationStatus.WITHDRAWN)
    ConflictFactory(application=hidden, user=staff)
    for assessment in rescored.assessments.all():
        judge(rescored, assessment.assessor, 1)
    accepted = accept_shared_outcomes(expected=expected, by=staff)
    assert [decision.application for decision in accepted.decisions] == [good]
    assert dict(accepted.skipped) == {
        reopened: "an assessment has changed meanwhile",
        taken: "it has been decided meanwhile",
        gone: "it is now “Withdrawn”",
        rescored: "an assessment has changed meanwhile",
    }
    assert set(Decision.objects.all()) == {kept, accepted.decisions[0]}
    assert accepted.decisions[0].reason == "The assessors agree: Strong (80.0) and Strong (80.0)."
    kept.refresh_from_db()
    assert kept.outcome == NOT_SHORTLISTED


def assessed(eoi, *scores):
    """Return the people who gave these scores, one each."""
    people = StaffFactory.create_batch(len(scores))
    for person, score in zip(people, scores, strict=True):
        judge(eoi, person, score)
    return people


def overtaken():
    return set(Decision.objects.overtaken())


@pytest.mark.parametrize("how", ["by hand", "shared"])
def test_a_later_conflict_of_whoever_decided_or_scored_overtakes_a_decision(eoi, staff, how):
    first, second = assessed(eoi, 4, 5)
    if how == "shared":
        accept_shared_outcomes(expected={eoi.pk: SHORTLISTED}, by=staff)
    else:
        decided(eoi, staff)
    decision = Decision.objects.get()
    ConflictFactory(application=eoi, user=StaffFactory())
    ConflictFactory(user=first)
    assert overtaken() == set()
    for person in (staff, first, second):
        conflict = ConflictFactory(application=eoi, user=person)
        assert overtaken() == {decision}
        assert list(in_conflict_now(decision)) == [person]
        conflict.delete()
    assert overtaken() == set()


def test_a_decision_taken_again_rests_on_what_still_counts(eoi, staff):
    first, second = assessed(eoi, 4, 5)
    decision = decided(eoi, staff)
    declare_conflict(application_id=eoi.pk, user=first, interest=INTEREST, by=first)
    assert overtaken() == {decision}
    assert list(decided(eoi, second).assessors.all()) == [second]
    assert overtaken() == set()


def test_an_assessor_who_took_theirs_up_again_still_stands_behind_the_decision(eoi, staff):
    first, _ = assessed(eoi, 4, 5)
    decision = decided(eoi, staff)
    reopen_assessment(assessment_id=eoi.assessments.get(assessor=first).pk, by=first)
    declare_conflict(application_id=eoi.pk, user=first, interest=INTEREST, by=first)
    assert not eoi.assessments.filter(assessor=first).exists()
    assert overtaken() == {decision}


@pytest.mark.parametrize("number", [1, 8])
def test_accepting_many_takes_as_many_queries_as_one(eoi, staff, number, django_assert_num_queries):
    made = SubmittedFactory.create_batch(number, call=eoi.call)
    for each in made:
        assessed(each, 4, 5)
    with django_assert_num_queries(22):
        accept_shared_outcomes(expected={each.pk: SHORTLISTED for each in made}, by=staff)
    assert Decision.assessors.through.objects.count() == 2 * number


def test_nobody_overwrites_what_they_have_not_seen(eoi, staff):
    first = {"application_id": eoi.pk, "outcome": SHORTLISTED, "reason": "Strong.", "feedback": "", "seen": ""}
    held = decide(**first, by=staff)
    stale, other = held.version, StaffFactory()
    with pytest.raises(DecisionConflict) as refusal:
        decide(**first | {"outcome": NOT_SHORTLISTED}, by=other)
    assert refusal.value.decision == held
    changed = decide(**first | {"seen": stale, "reason": "On reflection."}, by=other)
    for act in (lambda: decide(**first | {"seen": stale}, by=staff), lambda: clear_decision(application_id=eoi.pk, seen=stale, by=staff)):
        with pytest.raises(DecisionConflict):
            act()
    assert Decision.objects.get().reason == "On reflection."
    cleared(eoi, staff)
    with pytest.raises(DecisionConflict) as refusal:
        decide(**first | {"seen": changed.version}, by=other)
    assert refusal.value.decision is None
    assert not Decision.objects.exists()

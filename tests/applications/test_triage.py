"""Triage as its services do it: taking EoIs up, scoring alone, finishing, and what two assessments amount to together."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.models import Application, Assessment
from applications.services.conflicts import Interest, declare_conflict
from applications.services.scoring import band_of, compared, in_triage, weighted_score
from applications.services.triage import (
    AssessmentConflict,
    Draft,
    Opinion,
    ask_for_third,
    claim,
    claim_next,
    complete_assessment,
    eligibility_facts,
    put_back,
    reopen_assessment,
    save_assessment,
)
from applications.states import ApplicationStatus, Band, ConflictKind
from cohort.states import Nation
from tests.factories import CallFactory, CouncilFactory, StaffFactory, UserFactory
from tests.factories.judging import (
    AssessmentFactory,
    ConflictFactory,
    DecisionFactory,
    ReleaseFactory,
    SubmittedFactory,
    judge,
    scored_call,
)
from upstream.audit.models import Entry
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


@pytest.fixture
def call(db):
    return scored_call()


@pytest.fixture
def assessor(roles):
    return StaffFactory()


@pytest.fixture
def eoi(call):
    return SubmittedFactory(call=call)


def opinions(call, *scores, reason="Because."):
    return {criterion.pk: Opinion(score, reason) for criterion, score in zip(call.criteria.all(), scores, strict=True)}


def comparison(application):
    [found] = compared(Application.objects.filter(pk=application.pk), Assessment.objects.all())
    return found


def test_the_queue_finishes_pairs_before_it_starts_others(call, assessor):
    first, second, third = SubmittedFactory.create_batch(3, call=call)
    judge(second, StaffFactory(), 3)
    served = [claim_next(call_id=call.pk, by=assessor) for _ in range(4)]
    assert [assessment and assessment.application for assessment in served] == [second, first, third, None]
    assert [assessment.seat for assessment in served[:3]] == [2, 1, 1]
    assert Entry.objects.filter(verb="assessment.claimed").count() == 3


@pytest.mark.parametrize("why", ["draft", "withdrawn", "another call", "conflict", "full", "own", "decided", "full again after a conflict"])
def test_what_is_not_for_this_assessor_is_never_served_nor_taken_by_name(call, assessor, why):
    eoi = SubmittedFactory(call=call)
    assert claim_next(call_id=call.pk, by=StaffFactory())
    Assessment.objects.all().delete()
    if why in {"draft", "withdrawn"}:
        eoi.status, eoi.submitted_at = why, None
        eoi.save()
    elif why == "another call":
        eoi.call = CallFactory()
        eoi.save()
    elif why == "conflict":
        ConflictFactory(application=eoi, user=assessor)
    elif why == "own":
        AssessmentFactory(application=eoi, assessor=assessor)
    elif why == "decided":
        DecisionFactory(application=eoi)
    else:
        seats = 2 if why == "full" else 3
        for seat in range(1, seats + 1):
            AssessmentFactory(application=eoi, seat=seat)
        if seats == 3:
            ConflictFactory(application=eoi, user=eoi.assessments.get(seat=2).assessor)
    assert claim_next(call_id=call.pk, by=assessor) is None
    if why != "another call":
        with pytest.raises(InvalidTransition, match="no place left"):
            claim(application_id=eoi.pk, by=assessor)


def test_an_assessor_with_a_conflict_makes_room_for_another(eoi, assessor):
    AssessmentFactory(application=eoi, seat=1)
    judge(eoi, gone := StaffFactory(), 5)
    assert claim_next(call_id=eoi.call_id, by=assessor) is None
    ConflictFactory(application=eoi, user=gone)
    assert claim(application_id=eoi.pk, by=assessor).seat == 3
    assert comparison(eoi).judged == []


def test_the_lowest_free_seat_is_taken(eoi, assessor):
    AssessmentFactory(application=eoi, seat=2)
    assert claim(application_id=eoi.pk, by=assessor).seat == 1


def test_one_gives_back_ones_own_and_a_decider_anothers_with_a_reason(eoi, assessor):
    own = claim(application_id=eoi.pk, by=assessor)
    with pytest.raises(ValidationError, match="Only whoever decides"):
        put_back(assessment_id=own.pk, by=StaffFactory())
    with pytest.raises(ValidationError, match="Only whoever decides"):
        put_back(assessment_id=own.pk, by=UserFactory(), reason="Ill")
    put_back(assessment_id=own.pk, by=StaffFactory(), reason="On leave")
    assert not eoi.assessments.exists()
    assert Entry.objects.get(verb="assessment.put_back").data == {"assessor": assessor.pk, "reason": "On leave"}
    put_back(assessment_id=claim(application_id=eoi.pk, by=assessor).pk, by=assessor)
    with pytest.raises(InvalidTransition, match="given back"):
        put_back(assessment_id=own.pk, by=assessor)


def test_what_is_complete_is_not_given_back(eoi, assessor):
    with pytest.raises(InvalidTransition, match="complete, so it stays"):
        put_back(assessment_id=judge(eoi, assessor, 3).pk, by=assessor)


def test_a_draft_is_kept_however_unfinished_and_never_overwritten_by_an_older_window(call, eoi, assessor):
    own = claim(application_id=eoi.pk, by=assessor)
    first = Draft(opinions(call, 3, None), note="So far")
    assert save_assessment(assessment_id=own.pk, revision=0, draft=first, by=assessor).revision == 1
    assert save_assessment(assessment_id=own.pk, revision=0, draft=first, by=assessor).revision == 1
    with pytest.raises(AssessmentConflict):
        save_assessment(assessment_id=own.pk, revision=0, draft=Draft(opinions(call, 1, 1)), by=assessor)
    assert sorted(own.scores.values_list("score", flat=True), key=str) == [3, None]
    second = Draft(opinions(call, 4, 5), is_eligible=True)
    assert save_assessment(assessment_id=own.pk, revision=1, draft=second, by=assessor).revision == 2
    assert sorted(own.scores.values_list("score", flat=True)) == [4, 5]


@pytest.mark.parametrize("why", ["another person", "conflict", "withdrawn", "complete", "put back"])
def test_nobody_writes_what_they_may_not(call, eoi, assessor, why):
    own = claim(application_id=eoi.pk, by=assessor)
    by = StaffFactory() if why == "another person" else assessor
    if why == "conflict":
        ConflictFactory(application=eoi, user=assessor)
    elif why == "withdrawn":
        Application.objects.update(status=ApplicationStatus.WITHDRAWN)
    elif why == "complete":
        Assessment.objects.update(completed_at=timezone.now(), is_eligible=True)
    elif why == "put back":
        put_back(assessment_id=own.pk, by=assessor)
    with pytest.raises(InvalidTransition):
        save_assessment(assessment_id=own.pk, revision=0, draft=Draft(opinions(call, 3, 3)), by=by)
    if why != "complete":
        with pytest.raises(InvalidTransition):
            complete_assessment(assessment_id=own.pk, by=by)


def test_finishing_asks_for_every_score_and_reason(call, eoi, assessor):
    own = claim(application_id=eoi.pk, by=assessor)
    one, two = call.criteria.values_list("pk", flat=True)

    def missing(draft):
        own.refresh_from_db()
        save_assessment(assessment_id=own.pk, revision=own.revision, draft=draft, by=assessor)
        with pytest.raises(ValidationError) as refusal:
            complete_assessment(assessment_id=own.pk, by=assessor)
        return set(refusal.value.message_dict)

    assert missing(Draft(opinions(call, None, 0, reason=""))) == {"is_eligible", f"score_{one}", f"reason_{one}", f"reason_{two}"}
    assert missing(Draft(opinions(call, 0, None), is_eligible=True)) == {f"score_{two}"}
    assert missing(Draft(opinions(call, None, None), is_eligible=False)) == {"ineligible_reason"}
    own.refresh_from_db()
    ineligible = Draft(opinions(call, None, None), is_eligible=False, ineligible_reason="A parish")
    save_assessment(assessment_id=own.pk, revision=own.revision, draft=ineligible, by=assessor)
    assert complete_assessment(assessment_id=own.pk, by=assessor).completed_at
    assert Entry.objects.filter(verb="assessment.completed").count() == 1


def test_one_reopens_ones_own_until_the_decision_is_on_its_way(eoi, assessor):
    own = judge(eoi, assessor, 3)
    with pytest.raises(InvalidTransition):
        reopen_assessment(assessment_id=own.pk, by=StaffFactory())
    decision = DecisionFactory(application=eoi)
    assert reopen_assessment(assessment_id=own.pk, by=assessor).completed_at is None
    complete_assessment(assessment_id=own.pk, by=assessor)
    decision.release = ReleaseFactory(call=eoi.call)
    decision.save()
    with pytest.raises(InvalidTransition, match="release"):
        reopen_assessment(assessment_id=own.pk, by=assessor)
    Application.objects.update(status=ApplicationStatus.SHORTLISTED)
    with pytest.raises(InvalidTransition):
        reopen_assessment(assessment_id=own.pk, by=assessor)


def test_the_weighted_score_is_out_of_a_hundred():
    assert weighted_score([(60, 5), (40, 5)]) == 100
    assert weighted_score([(60, 0), (40, 0)]) == 0
    assert weighted_score([(60, 3), (40, 4)]) == 68
    assert weighted_score([(1, 1), (2, 3)]) == Decimal("46.7")
    assert weighted_score([]) == 0


def test_bands_begin_at_their_bounds():
    scores = ("100", "75", "74.9", "60", "59.9", "40", "39.9", "0")
    bands = [band_of(Decimal(score)) for score in scores]
    assert bands == [Band.STRONG, Band.STRONG, Band.GOOD, Band.GOOD, Band.FAIR, Band.FAIR, Band.WEAK, Band.WEAK]


@pytest.mark.parametrize(
    ("scores", "agrees", "proposed"),
    [
        ((4, 4), True, ApplicationStatus.SHORTLISTED),
        ((5, 3), True, ApplicationStatus.SHORTLISTED),
        ((3, 2), True, ApplicationStatus.NOT_SHORTLISTED),
        ((1, 1), True, ApplicationStatus.NOT_SHORTLISTED),
        ((5, 2), False, None),
        ((None, None), True, ApplicationStatus.INELIGIBLE),
        ((None, 4), False, None),
        ((4,), False, None),
    ],
)
def test_two_within_one_band_share_an_outcome_and_others_differ(eoi, scores, agrees, proposed):
    for score in scores:
        judge(eoi, StaffFactory(), score)
    found = comparison(eoi)
    assert (found.agrees, found.proposed, found.differs) == (agrees, proposed, not agrees and len(scores) == 2)


def test_a_third_is_asked_for_where_two_differ_and_then_all_three_count(eoi, assessor):
    judge(eoi, StaffFactory(), 5)
    with pytest.raises(InvalidTransition):
        ask_for_third(application_id=eoi.pk, by=assessor)
    judge(eoi, StaffFactory(), 2)
    third = ask_for_third(application_id=eoi.pk, by=assessor)
    assert third.assessors_wanted == 3
    assert not comparison(third).is_complete
    with pytest.raises(InvalidTransition):
        ask_for_third(application_id=eoi.pk, by=assessor)
    judge(third, claim_next(call_id=eoi.call_id, by=assessor).assessor, 4)
    found = comparison(third)
    assert found.differs
    assert (found.mean, found.band, found.difference) == (Decimal("73.3"), Band.GOOD, 60)


def test_a_third_is_not_asked_for_once_it_is_decided_or_where_they_agree(eoi, assessor):
    judge(eoi, StaffFactory(), 5)
    last = judge(eoi, StaffFactory(), 5)
    with pytest.raises(InvalidTransition):
        ask_for_third(application_id=eoi.pk, by=assessor)
    last.scores.update(score=1)
    DecisionFactory(application=eoi)
    with pytest.raises(InvalidTransition):
        ask_for_third(application_id=eoi.pk, by=assessor)


def test_comparing_takes_as_many_queries_for_fifty_as_for_five(call, assessor, django_assert_num_queries):
    for more in (5, 45):
        for eoi in SubmittedFactory.create_batch(more, call=call):
            judge(eoi, StaffFactory(), 3)
            judge(eoi, StaffFactory(), 3)
        person = type(assessor).objects.get(pk=assessor.pk)
        person.get_all_permissions()
        with django_assert_num_queries(5):
            assert compared(in_triage(person), Assessment.objects.visible_to(person))


def test_what_the_records_say_about_eligibility(call):
    closes = call.closes_at
    council = CouncilFactory(nation=Nation.WALES, ends_on=(closes - timedelta(days=1)).date())
    eoi = SubmittedFactory(call=call, council=council, submitted_at=closes, terms_version="")
    call.nations = [Nation.ENGLAND]
    call.save()

    def holding():
        application = Application.objects.with_deadline().select_related("call", "council").get(pk=eoi.pk)
        return [fact.holds for fact in eligibility_facts(application)]

    assert holding() == [False, False, True, False, False]
    council.nation, council.ends_on = Nation.ENGLAND, None
    council.save()
    eoi.submitted_at, eoi.terms_version = closes - timedelta(seconds=1), "1.0"
    eoi.save()
    assert holding() == [True] * 5


def test_a_conflict_gives_an_unfinished_seat_back_and_leaves_a_finished_one(eoi, assessor):
    claim(application_id=eoi.pk, by=assessor)
    finished = judge(eoi, StaffFactory(), 4)
    other = StaffFactory()
    assert claim_next(call_id=eoi.call_id, by=other) is None
    for person in (assessor, finished.assessor):
        declare_conflict(application_id=eoi.pk, user=person, interest=Interest(ConflictKind.FAMILY, "My sister"), by=person)
    assert eoi.assessments.get() == finished
    assert Entry.objects.get(verb="assessment.put_back").data == {"assessor": assessor.pk, "reason": "Conflict of interest"}
    assert claim_next(call_id=eoi.call_id, by=other).seat == 1


def test_scores_of_one_in_conflict_finish_nothing_so_deciders_still_assess_alone(eoi, assessor):
    judge(eoi, StaffFactory(), 4)
    gone = judge(eoi, StaffFactory(), 4)
    assert Assessment.objects.visible_to(assessor).count() == 2
    ConflictFactory(application=eoi, user=gone.assessor)
    assert not Assessment.objects.visible_to(assessor).exists()


def test_seats_of_those_in_conflict_leave_room_for_as_many_as_are_wanted(eoi, assessor):
    """Two have finished and are out; two more step in and differ; a third is asked for and served."""
    for person in StaffFactory.create_batch(2):
        judge(eoi, person, 3)
        ConflictFactory(application=eoi, user=person)
    for person, score in zip(StaffFactory.create_batch(2), (5, 1), strict=True):
        assert claim(application_id=eoi.pk, by=person).seat > 2
        judge(eoi, person, score)
    assert comparison(eoi).may_ask_third
    ask_for_third(application_id=eoi.pk, by=assessor)
    assert claim_next(call_id=eoi.call_id, by=assessor).seat == 5
    assert not comparison(eoi).may_ask_third
    assert claim_next(call_id=eoi.call_id, by=StaffFactory()) is None

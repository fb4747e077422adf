"""What becomes of an interview: nobody answers, or it is held and noted."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from applications.models import Application, InterviewQuestion, InterviewScore, InterviewSheet
from applications.services.calls import create_call
from applications.services.interview_outcomes import (
    hold_interview,
    leave_without_interview,
    miss_interview,
    nudge_council,
    offer_another_chance,
)
from applications.services.interview_sheets import Line, start_timer, stop_timer, submit_sheet
from applications.services.interviews import CannotBook
from applications.services.pilot import pilot_content
from applications.states import ApplicationStatus, InterviewStatus
from tests.applications.interviews.conftest import DAY, NOW, SECOND, book, mail, miss_twice, note, slot_at
from tests.factories import CohortFactory
from tests.factories.judging import ConflictFactory
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


def test_nobody_answered_frees_the_council_to_book_again_once(application, officer, now):
    for time, asked in ((NOW + 3 * DAY, "Please book another time"), (NOW + 9 * DAY, "no further interview can be booked")):
        slot = slot_at(application, time)
        interview = book(application, slot, officer)
        now(time - SECOND)
        with pytest.raises(InvalidTransition):
            miss_interview(interview_id=interview.pk, by=slot.interviewer)
        now(time + timedelta(minutes=10))
        miss_interview(interview_id=interview.pk, by=slot.interviewer)
        with pytest.raises(InvalidTransition):
            miss_interview(interview_id=interview.pk, by=slot.interviewer)
        assert asked in mail("interview-missed", officer).first().text
    with pytest.raises(CannotBook, match="We rang and nobody answered"):
        book(application, slot_at(application, NOW + 20 * DAY), officer)
    with pytest.raises(InvalidTransition):
        nudge_council(application_id=application.pk, by=slot.interviewer)


def test_staff_offer_a_council_that_did_not_answer_another_chance(application, officer, now):
    staff = miss_twice(application, officer, now)
    assert application in Application.objects.awaiting_interview()
    offer_another_chance(application_id=application.pk, by=staff)
    assert "can now book another time" in mail("interview-chance", officer).get().text
    assert Entry.objects.filter(verb="interview.another_chance", actor_id=staff.pk).count() == 1
    with pytest.raises(InvalidTransition, match="can still book"):
        offer_another_chance(application_id=application.pk, by=staff)
    slot = slot_at(application, NOW + 20 * DAY)
    interview = book(application, slot, officer)
    assert mail("interview-chance", officer).get().status == EmailStatus.SUPPRESSED
    now(slot.starts_at)
    miss_interview(interview_id=interview.pk, by=staff)
    with pytest.raises(CannotBook):
        book(application, slot_at(application, NOW + 30 * DAY), officer)
    offer_another_chance(application_id=application.pk, by=staff)
    assert mail("interview-chance", officer).count() == 2


def test_staff_leave_it_at_that_and_may_still_offer_another_chance(application, officer, now):
    staff = miss_twice(application, officer, now)
    before = OutboundEmail.objects.count()
    leave_without_interview(application_id=application.pk, reason="It has no time for us.", by=staff)
    assert application not in Application.objects.awaiting_interview()
    assert OutboundEmail.objects.count() == before
    application.refresh_from_db()
    assert application.no_interview_reason == "It has no time for us."
    assert Entry.objects.filter(verb="interview.given_up").count() == 1
    offer_another_chance(application_id=application.pk, by=staff)
    assert application in Application.objects.awaiting_interview()


def test_only_a_council_that_did_not_answer_is_left_or_asked_once_more(application, slot, officer, now):
    for act in (lambda: offer_another_chance(application_id=application.pk, by=slot.interviewer), lambda: leave(application, slot)):
        with pytest.raises(InvalidTransition):
            act()
    staff = miss_twice(application, officer, now)
    Application.objects.update(status=ApplicationStatus.NOT_SELECTED)
    with pytest.raises(InvalidTransition):
        leave_without_interview(application_id=application.pk, reason="Late", by=staff)


def leave(application, slot):
    leave_without_interview(application_id=application.pk, reason="Why not", by=slot.interviewer)


def test_an_interview_that_ended_was_not_missed(application, slot, officer, now):
    interview = book(application, slot, officer)
    now(slot.starts_at)
    start_timer(interview_id=interview.pk, by=slot.interviewer)
    stop_timer(interview_id=interview.pk, by=slot.second_interviewer)
    with pytest.raises(InvalidTransition):
        miss_interview(interview_id=interview.pk, by=slot.interviewer)


def test_held_by_hand_from_its_start_and_only_while_there_is_no_other(application, officer, now):
    slot = slot_at(application, NOW + 3 * DAY)
    interview = book(application, slot, officer)
    with pytest.raises(InvalidTransition):
        hold_interview(interview_id=interview.pk, by=slot.interviewer)
    now(slot.starts_at)
    miss_interview(interview_id=interview.pk, by=slot.interviewer)
    again = book(application, slot_at(application, NOW + 9 * DAY), officer)
    with pytest.raises(InvalidTransition):
        hold_interview(interview_id=interview.pk, by=slot.interviewer)
    now(again.slot.starts_at)
    hold_interview(interview_id=again.pk, by=slot.interviewer)
    assert application.interviews.live().get().status == InterviewStatus.HELD


def test_an_interview_is_held_once_it_has_ended_and_both_sheets_are_in(application, slot, officer, guide, now):
    interview = book(application, slot, officer)
    scores = dict(zip(slot.interviewers, (2, 5), strict=True))
    first, second = slot.interviewers
    with pytest.raises(ValidationError, match="after the interview"):
        submit_sheet(interview_id=interview.pk, by=first)
    now(slot.starts_at)
    start_timer(interview_id=interview.pk, by=first)
    note(interview, first, lines={guide[0].pk: Line(2, "")})
    with pytest.raises(ValidationError, match="Question 2"):
        submit_sheet(interview_id=interview.pk, by=first)
    for person, score in scores.items():
        revision = InterviewSheet.objects.get(interviewer=person).revision
        note(interview, person, revision=revision, lines={question.pk: Line(score, "Said so") for question in guide})
        submit_sheet(interview_id=interview.pk, by=person)
        interview.refresh_from_db()
        assert interview.is_booked
    now(slot.starts_at + timedelta(minutes=42))
    stop_timer(interview_id=interview.pk, by=second)
    interview.refresh_from_db()
    assert interview.status == InterviewStatus.HELD
    assert interview.duration == timedelta(minutes=42)
    assert InterviewSheet.objects.final().unconflicted().count() == 2
    ConflictFactory(application=application, user=first)
    assert InterviewSheet.objects.final().count() == 2
    assert InterviewSheet.objects.final().unconflicted().get().interviewer == second


def test_the_guide_is_frozen_in_the_database_once_an_answer_is_scored(application, slot, officer, guide, now):
    interview = book(application, slot, officer)
    note(interview, slot.interviewer, lines={guide[0].pk: Line(None, "Ask first")})
    guide[1].text = "Better words"
    guide[1].save()
    note(interview, slot.interviewer, revision=1, lines={guide[0].pk: Line(3, "Ask first")})
    guide[1].text = "Other words"
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        guide[1].save()
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        guide[1].delete()
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        InterviewQuestion.objects.create(call=application.call, text="One more", anchors=["a", "b", "c", "d", "e"])
    assert InterviewScore.objects.count() == 1


def test_the_pilots_guide_has_six_questions_with_five_anchors(db):
    content = pilot_content()
    call = create_call(content=content, cohort=CohortFactory(), opens_at=NOW, closes_at=NOW + DAY, by=None)
    assert [len(question.anchors) for question in call.interview_questions.all()] == [5] * 6

"""Who rings: conflicts of interest, and somebody else in one's place."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from applications.models import Interview, InterviewSheet
from applications.reminders.interviews import people_since
from applications.services.interview_sheets import Line, start_timer, stop_timer, submit_sheet
from applications.services.interview_slots import who_could_ring
from applications.services.interviews import cancel_interview, replace_interviewer
from applications.states import ConflictStatus
from tests.applications.interviews.conftest import NOW, book, event_in, mail, note, slot_at
from tests.factories import StaffFactory, UserFactory
from tests.factories.judging import ConflictFactory, InterviewSlotFactory
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


def test_an_interviewer_with_a_conflict_hears_nothing_more(application, slot, officer, now):
    interview = book(application, slot, officer)
    ConflictFactory(application=application, user=slot.interviewer)
    assert slot.interviewer not in people_since([interview])[interview.pk]
    assert slot.second_interviewer in people_since([interview])[interview.pk]
    cancel_interview(application_id=application.pk, by=officer)
    assert not mail("interview-cancelled", slot.interviewer)
    assert mail("interview-cancelled", slot.second_interviewer)


def test_somebody_else_rings_and_every_calendar_hears_of_it(application, slot, officer):
    interview = book(application, slot, officer)
    left, joined = slot.interviewer, StaffFactory()
    replace_interviewer(interview_id=interview.pk, seat="interviewer", person=joined, by=left)
    slot.refresh_from_db()
    assert slot.interviewers[0] == joined
    assert {sheet.interviewer for sheet in interview.sheets.all()} == set(slot.interviewers)
    assert event_in(mail("interview-relieved", left).get())[0] == "CANCEL"
    for person in (joined, slot.second_interviewer, officer):
        method, event = event_in(mail("interview-changed", person).get())
        assert (method, event["sequence"]) == ("REQUEST", 1)


def test_a_conflicted_interviewer_is_replaced_and_nobody_is_told_why(application, slot, officer):
    interview = book(application, slot, officer)
    left, joined, colleague = slot.interviewer, StaffFactory(full_name="Jo Webb"), slot.second_interviewer
    ConflictFactory(application=application, user=left)
    replace_interviewer(interview_id=interview.pk, seat="interviewer", person=joined, by=colleague)
    texts = {person: mail("interview-changed", person).get().text for person in (joined, colleague, officer)}
    for text in texts.values():
        assert "Only who rings is new." in text
        assert f"Jo Webb and {colleague}" in text
    relieved = mail("interview-relieved", left).get()
    assert event_in(relieved)[0] == "CANCEL"
    for text in (*texts.values(), relieved.text):
        assert "conflict" not in text


def test_interviews_to_give_away_are_those_to_come_of_a_conflicted_interviewer(application, slot, officer, now):
    interview = book(application, slot, officer)
    assert not Interview.objects.to_give_away()
    ConflictFactory(user=slot.second_interviewer)  # with another council
    assert not Interview.objects.to_give_away()
    conflict = ConflictFactory(application=application, user=slot.second_interviewer)
    [found] = Interview.objects.to_give_away()
    assert (found.pk, found.first_conflicted, found.second_conflicted) == (interview.pk, False, True)
    conflict.status = ConflictStatus.DISMISSED
    conflict.save()
    assert not Interview.objects.to_give_away()
    conflict.status = ConflictStatus.ACTIVE
    conflict.save()
    now(slot.starts_at)
    start_timer(interview_id=interview.pk, by=slot.interviewer)
    assert not Interview.objects.to_give_away()


def test_who_could_ring_is_free_unconflicted_and_staff(application, slot, officer):
    interview = book(application, slot, officer)
    before, inside, conflicted, withdrawn, after = StaffFactory.create_batch(5)
    UserFactory(is_staff=True)
    InterviewSlotFactory(starts_at=slot.starts_at - timedelta(minutes=30), interviewer=before, minutes=31)
    InterviewSlotFactory(starts_at=slot.starts_at + timedelta(minutes=44), second_interviewer=inside)
    InterviewSlotFactory(starts_at=slot.starts_at, interviewer=withdrawn, withdrawn_at=NOW)
    InterviewSlotFactory(starts_at=slot.ends_at, interviewer=after)
    ConflictFactory(application=application, user=conflicted)
    assert set(who_could_ring(interview)) == {withdrawn, after}


@pytest.mark.parametrize("why", ["conflict", "busy", "already", "not staff"])
def test_who_cannot_take_an_interview_over(application, slot, officer, why):
    interview = book(application, slot, officer)
    person = StaffFactory()
    match why:
        case "conflict":
            ConflictFactory(application=application, user=person)
        case "busy":
            slot_at(application, slot.starts_at + timedelta(minutes=30), second_interviewer=person)
        case "already":
            person = slot.second_interviewer
        case "not staff":
            person = UserFactory()
    with pytest.raises(ValidationError):
        replace_interviewer(interview_id=interview.pk, seat="interviewer", person=person, by=slot.interviewer)


def test_interviewers_stay_once_it_has_started(application, slot, officer, now):
    interview = book(application, slot, officer)
    now(slot.starts_at)
    start_timer(interview_id=interview.pk, by=slot.interviewer)
    with pytest.raises(InvalidTransition):
        replace_interviewer(interview_id=interview.pk, seat="interviewer", person=StaffFactory(), by=slot.interviewer)


def test_a_conflicted_interviewer_writes_nothing_more(application, slot, officer, guide, now):
    interview = book(application, slot, officer)
    first, second = slot.interviewers
    now(slot.starts_at)
    note(interview, first, lines={question.pk: Line(2, "") for question in guide})
    ConflictFactory(application=application, user=first)
    for act in (
        lambda: note(interview, first, revision=1, summary="More"),
        lambda: submit_sheet(interview_id=interview.pk, by=first),
        lambda: start_timer(interview_id=interview.pk, by=first),
        lambda: stop_timer(interview_id=interview.pk, by=first),
    ):
        with pytest.raises(PermissionDenied):
            act()
    sheet = InterviewSheet.objects.get(interviewer=first)
    assert (sheet.revision, sheet.submitted_at) == (1, None)
    start_timer(interview_id=interview.pk, by=second)

"""Booking, moving and cancelling an interview, by a council and by staff on its behalf."""

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

import pytest
from django.core.exceptions import PermissionDenied

from applications.models import InterviewSheet, InterviewSlot
from applications.services.interview_outcomes import (
    hold_interview,
    leave_without_interview,
    miss_interview,
    nudge_council,
    offer_another_chance,
)
from applications.services.interview_sheets import start_timer
from applications.services.interviews import CannotBook, SlotTaken, cancel_interview, replace_interviewer
from applications.services.submission import withdraw_application
from applications.states import ApplicationStatus, InterviewStatus
from cohort.services.contacts import NotPossible
from cohort.states import ContactStatus, Nation
from tests.applications.interviews.conftest import DAY, NOW, SECOND, book, change, event_in, mail, miss_twice, note, slot_at
from tests.factories import ContactFactory, StaffFactory, UserFactory
from tests.factories.judging import ConflictFactory, InterviewFactory, InterviewSlotFactory, SubmittedFactory
from upstream.audit.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


def test_a_booking_invites_the_council_and_both_interviewers_and_gives_them_sheets(application, slot, officer):
    ContactFactory(council=application.council)
    interview = book(application, slot, officer)
    assert interview.status == InterviewStatus.BOOKED
    assert {sheet.interviewer for sheet in interview.sheets.all()} == set(slot.interviewers)
    assert mail("interview-booked").count() == 4
    assert "10am" not in mail("interview-booked", officer).get().text
    assert "9am on Monday 26 October 2026" in mail("interview-booked", officer).get().subject
    assert f"/admin/applications/interview/{interview.pk}/change/" in mail("interview-booked", slot.interviewer).get().text
    assert "/eoi/uc26-0001" in mail("interview-booked", officer).get().text.lower()
    assert Entry.objects.get(verb="interview.booked").actor_id == officer.pk


def test_who_cannot_book(application, slot, officer):
    application.status = ApplicationStatus.SUBMITTED
    application.save()
    with pytest.raises(CannotBook, match="Only a shortlisted council"):
        book(application, slot, officer)
    application.status = ApplicationStatus.SHORTLISTED
    application.save()
    book(application, slot, officer)
    with pytest.raises(CannotBook, match="already has an interview"):
        book(application, slot_at(application, NOW + 3 * DAY), officer)


@pytest.mark.parametrize("why", ["taken", "withdrawn", "too soon", "another call", "conflict", "second conflict"])
def test_slots_that_cannot_be_had(application, slot, officer, why):
    match why:
        case "taken":
            InterviewFactory(slot=slot, application=SubmittedFactory(call=application.call))
        case "withdrawn":
            InterviewSlot.objects.update(withdrawn_at=NOW)
        case "too soon":
            InterviewSlot.objects.update(starts_at=NOW + DAY)
        case "another call":
            slot = InterviewSlotFactory(starts_at=slot.starts_at)
        case "conflict":
            ConflictFactory(application=application, user=slot.interviewer)
        case "second conflict":
            ConflictFactory(application=application, user=slot.second_interviewer)
    assert slot not in InterviewSlot.objects.open_to(application, NOW)
    with pytest.raises(SlotTaken, match="no longer available"):
        book(application, slot, officer)
    assert not application.interviews.exists()


@pytest.mark.parametrize(
    ("day", "closed_in"),
    [
        ((2027, 1, 4), {Nation.SCOTLAND}),  # in place of Saturday 2 January
        ((2026, 1, 2), {Nation.SCOTLAND}),
        ((2026, 11, 30), {Nation.SCOTLAND}),
        ((2027, 7, 12), {Nation.NORTHERN_IRELAND}),
        ((2026, 8, 3), {Nation.SCOTLAND}),
        ((2026, 8, 31), {Nation.ENGLAND, Nation.WALES, Nation.NORTHERN_IRELAND}),
    ],
)
def test_nobody_is_offered_a_bank_holiday_of_their_nation(application, move_clock, day, closed_in):
    starts_at = datetime(*day, 9, tzinfo=UTC)
    slot = slot_at(application, starts_at)
    for nation in Nation:
        application.council.nation = nation
        offered = slot in InterviewSlot.objects.open_to(application, starts_at - 5 * DAY)
        assert offered == (nation not in closed_in), nation


def test_moving_and_cancelling_end_24_hours_before_also_over_the_night_that_the_clocks_go_back(application, officer, now):
    sunday = datetime(2026, 10, 25, 10, tzinfo=UTC)  # 10am GMT; a day before it is 11am BST
    slot, later = slot_at(application, sunday), slot_at(application, sunday + 2 * DAY)
    book(application, slot, officer)
    now(sunday - DAY)
    for act in (lambda: change(application, later, officer), lambda: cancel_interview(application_id=application.pk, by=officer)):
        with pytest.raises(CannotBook, match="until 11am on Saturday 24 October 2026"):
            act()
    now(sunday - DAY - SECOND)
    change(application, later, officer)
    cancel_interview(application_id=application.pk, by=officer)
    assert application.interviews.get().status == InterviewStatus.CANCELLED
    with pytest.raises(CannotBook, match="no interview to change"):
        change(application, slot, officer)


def test_a_booking_at_the_very_24_hours_is_refused_and_a_moment_before_is_not(application, officer, now):
    slot = slot_at(application, NOW + 3 * DAY)
    now(NOW + 2 * DAY)
    with pytest.raises(SlotTaken):
        book(application, slot, officer)
    now(NOW + 2 * DAY - SECOND)
    book(application, slot, officer)


def test_a_calendar_follows_one_event_through_moves_cancelling_and_booking_again(application, slot, officer, settings):
    book(application, slot, officer)
    method, event = event_in(mail("interview-booked", officer).get())
    first_uid = event["uid"]
    assert (method, event["sequence"], event["status"]) == ("REQUEST", 0, "CONFIRMED")
    organiser = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    assert event["uid"] == f"interview-uc26-0001@{organiser.partition('@')[2]}"
    assert event.to_ical().count(b"DTSTART:20261026T090000Z") == 1
    assert event.to_ical().count(b"DTEND:20261026T094500Z") == 1
    assert event["organizer"] == f"mailto:{organiser}"
    assert event["attendee"] == f"mailto:{officer.email}"
    assert "01632 960001" in event["location"]
    later = slot_at(application, NOW + 8 * DAY)
    change(application, later, officer, phone="07700 900982")
    method, event = event_in(mail("interview-changed", officer).get())
    assert (method, event["sequence"], event.decoded("dtstart")) == ("REQUEST", 1, later.starts_at)
    assert "07700 900982" in event["location"]
    for relieved in slot.interviewers:
        assert event_in(mail("interview-relieved", relieved).get())[0] == "CANCEL"
        assert not mail("interview-changed", relieved).exists()
    cancel_interview(application_id=application.pk, by=officer)
    for person in (officer, *later.interviewers):
        method, event = event_in(mail("interview-cancelled", person).get())
        assert (method, event["sequence"], event["status"], event["uid"]) == ("CANCEL", 2, "CANCELLED", first_uid)
    book(application, slot, officer)
    method, event = event_in(mail("interview-booked", officer).first())
    assert (method, event["sequence"], event["uid"]) == ("REQUEST", 3, first_uid)


def test_a_cancellation_that_is_late_takes_back_what_it_was_about_and_not_the_next_booking(application, slot, officer):
    first = book(application, slot, officer)
    cancel_interview(application_id=application.pk, by=officer)
    late = mail("interview-cancelled", officer).get()
    again = book(application, slot_at(application, slot.starts_at + timedelta(days=1)), officer)
    (method, event), (_, invited) = event_in(late), event_in(mail("interview-booked", officer).latest("pk"))
    assert method == "CANCEL"
    assert (event["dtstart"].dt, invited["dtstart"].dt) == (first.slot.starts_at, again.slot.starts_at)
    assert event["sequence"] < invited["sequence"]


def test_keeping_the_time_and_changing_the_number_takes_no_other_slot(application, slot, officer):
    interview = book(application, slot, officer)
    change(application, slot, officer, contact_name="Jo Webb")
    interview.refresh_from_db()
    assert (interview.slot, interview.contact_name, interview.sequence) == (slot, "Jo Webb", 1)
    assert not mail("interview-relieved").exists()


def test_a_council_that_withdraws_gives_its_slot_back_however_late(application, slot, officer, now):
    book(application, slot, officer)
    now(slot.starts_at - timedelta(minutes=10))
    withdraw_application(application_id=application.pk, reason="", by=officer)
    assert application.interviews.get().status == InterviewStatus.CANCELLED
    assert "has withdrawn" in mail("interview-cancelled", slot.interviewer).get().text
    assert slot in InterviewSlot.objects.free()


def test_a_move_gives_sheets_to_the_new_pair_and_keeps_what_somebody_had_noted(application, slot, officer):
    interview = book(application, slot, officer)
    note(interview, slot.interviewer, summary="Ask about Leeds.")
    later = slot_at(application, NOW + 8 * DAY)
    change(application, later, officer)
    kept = InterviewSheet.objects.get(interviewer=slot.interviewer)
    assert kept.summary == "Ask about Leeds."
    assert set(InterviewSheet.objects.current().values_list("interviewer", flat=True)) == {person.pk for person in later.interviewers}
    assert not InterviewSheet.objects.filter(interviewer=slot.second_interviewer).exists()
    assert not InterviewSheet.objects.unsubmitted_of(slot.interviewer).exists()


def test_staff_book_move_and_cancel_at_the_last_moment(application, officer, now):
    staff = StaffFactory()
    soon, sooner = slot_at(application, NOW + timedelta(hours=5)), slot_at(application, NOW + timedelta(hours=1))
    with pytest.raises(SlotTaken):
        book(application, soon, officer)
    interview = book(application, soon, staff, on_behalf=True, reason="They rang us.")
    assert (interview.booked_by, interview.staff_reason) == (staff, "They rang us.")
    email = mail("interview-booked", officer).get()
    assert "telephone interview about UC26-0001 for you." in email.text
    assert "move or cancel it until" not in email.text
    assert "They rang us" not in email.text
    assert event_in(email)[0] == "REQUEST"
    with pytest.raises(CannotBook, match="It could be changed here"):
        change(application, sooner, officer)
    change(application, sooner, staff, on_behalf=True)
    email = mail("interview-changed", officer).get()
    assert "has been changed by us" in email.text
    assert "has changed." in mail("interview-changed", sooner.interviewer).get().text
    assert event_in(email)[1].decoded("dtstart") == sooner.starts_at
    now(sooner.starts_at + timedelta(minutes=5))  # nobody has rung yet
    cancel_interview(application_id=application.pk, by=staff, on_behalf=True, reason="The line is down.")
    email = mail("interview-cancelled", officer).get()
    assert "has been cancelled by us" in email.text
    assert event_in(email)[0] == "CANCEL"
    assert application.interviews.get().staff_reason == "The line is down."
    assert [entry.data["on_behalf"] for entry in Entry.objects.filter(verb__startswith="interview.").order_by("pk")] == [True] * 3


def test_staff_cannot_book_the_past_or_change_what_has_started(application, slot, officer, now):
    staff, first = StaffFactory(), slot.interviewer
    with pytest.raises(SlotTaken):
        book(application, slot_at(application, NOW), staff, on_behalf=True)
    interview = book(application, slot, staff, on_behalf=True)
    now(slot.starts_at)
    start_timer(interview_id=interview.pk, by=first)
    for act in (cancel_interview, lambda **who: change(application, slot_at(application, NOW + 9 * DAY), who["by"], on_behalf=True)):
        with pytest.raises(CannotBook, match="has started"):
            act(application_id=application.pk, by=staff, on_behalf=True)


def test_staff_book_for_no_council_that_is_out_of_tries_before_they_have_offered_another_chance(application, officer, now):
    staff = miss_twice(application, officer, now)
    later = slot_at(application, NOW + 20 * DAY)
    with pytest.raises(CannotBook, match="Offer the council another chance first"):
        book(application, later, staff, on_behalf=True)
    offer_another_chance(application_id=application.pk, by=staff)
    assert book(application, later, staff, on_behalf=True).slot == later


@pytest.mark.parametrize("who", ["conflicted", "finance"])
def test_who_may_not_act_on_behalf_of_a_council_or_say_what_became_of_it(application, slot, officer, now, who):
    person = StaffFactory() if who == "conflicted" else UserFactory(is_staff=True)
    if who == "conflicted":
        ConflictFactory(application=application, user=person)
    interview = book(application, slot, officer)
    now(slot.starts_at)
    by = {"by": person}
    for act in (
        lambda: change(application, slot, person, on_behalf=True),
        lambda: cancel_interview(application_id=application.pk, on_behalf=True, **by),
        lambda: miss_interview(interview_id=interview.pk, **by),
        lambda: hold_interview(interview_id=interview.pk, **by),
        lambda: replace_interviewer(interview_id=interview.pk, seat="interviewer", person=StaffFactory(), **by),
        lambda: nudge_council(application_id=application.pk, **by),
        lambda: offer_another_chance(application_id=application.pk, **by),
        lambda: leave_without_interview(application_id=application.pk, reason="So", **by),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert application.interviews.get().is_booked


def test_who_no_longer_acts_for_the_council_changes_nothing(application, slot, officer):
    book(application, slot, officer)
    officer.council_contacts.update(status=ContactStatus.ENDED)
    later = slot_at(application, NOW + 9 * DAY)
    for act in (
        lambda: book(application, later, officer),
        lambda: change(application, later, officer),
        lambda: cancel_interview(application_id=application.pk, by=officer),
    ):
        with pytest.raises(NotPossible, match="You cannot act for"):
            act()
    assert application.interviews.get().slot == slot

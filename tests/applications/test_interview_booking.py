"""Booking, moving and cancelling an interview, and what becomes of it."""

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from icalendar import Calendar

from applications.calendars import interview_invitation
from applications.models import Application, Interview, InterviewQuestion, InterviewScore, InterviewSheet, InterviewSlot
from applications.reminders.interviews import people_since
from applications.services.calls import create_call
from applications.services.interview_outcomes import (
    hold_interview,
    leave_without_interview,
    miss_interview,
    nudge_council,
    offer_another_chance,
)
from applications.services.interview_sheets import Line, save_sheet, start_timer, stop_timer, submit_sheet
from applications.services.interview_slots import who_could_ring
from applications.services.interviews import (
    CannotBook,
    SlotTaken,
    book_interview,
    cancel_interview,
    change_interview,
    replace_interviewer,
)
from applications.services.pilot import pilot_content
from applications.services.submission import withdraw_application
from applications.states import ApplicationStatus, ConflictStatus, InterviewStatus
from cohort.services.contacts import NotPossible
from cohort.states import ContactStatus, Nation
from tests.factories import CohortFactory, ContactFactory, StaffFactory, UserFactory
from tests.factories.judging import ConflictFactory, InterviewFactory, InterviewSlotFactory, SubmittedFactory
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import send_due
from upstream.correspondence.states import EmailStatus
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
NOW = datetime(2026, 10, 20, 9, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def now(move_clock):
    move_clock(NOW)
    return move_clock


@pytest.fixture
def officer(now):
    return ContactFactory(user=UserFactory(full_name="Priya Shah"), changed_at=NOW - 100 * DAY).user


@pytest.fixture
def application(officer):
    council = officer.council_contacts.get().council
    return SubmittedFactory(council=council, status=ApplicationStatus.SHORTLISTED, reference="UC26-0001")


def slot_at(application, starts_at, **people):
    return InterviewSlotFactory(
        call=application.call, starts_at=starts_at, **{"interviewer": StaffFactory(), "second_interviewer": StaffFactory()} | people
    )


@pytest.fixture
def slot(application):
    return slot_at(application, NOW + 6 * DAY)


def book(application, slot, by, **typed):
    typed = {"contact_name": "Sam Okafor", "phone": "01632 960001"} | typed
    return book_interview(application_id=application.pk, slot_id=slot.pk, by=by, **typed)


def change(application, slot, by, **typed):
    typed = {"contact_name": "Sam Okafor", "phone": "01632 960001"} | typed
    return change_interview(application_id=application.pk, slot_id=slot.pk, by=by, **typed)


def mail(kind, *people):
    found = OutboundEmail.objects.filter(kind=kind)
    return found.filter(recipient__in=[person.email for person in people]) if people else found


def event_in(email):
    name, content, kind = interview_invitation(email)
    calendar = Calendar.from_ical(content)
    [event] = calendar.walk("VEVENT")
    assert name == "interview.ics"
    assert kind == f"text/calendar; method={calendar['method']}"
    return calendar["method"], event


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


def test_an_interviewer_with_a_conflict_hears_nothing_more(application, slot, officer, now):
    interview = book(application, slot, officer)
    ConflictFactory(application=application, user=slot.interviewer)
    assert slot.interviewer not in people_since([interview])[interview.pk]
    assert slot.second_interviewer in people_since([interview])[interview.pk]
    cancel_interview(application_id=application.pk, by=officer)
    assert not mail("interview-cancelled", slot.interviewer)
    assert mail("interview-cancelled", slot.second_interviewer)


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


def note(interview, by, **changes):
    return save_sheet(**{"interview_id": interview.pk, "revision": 0, "lines": {}, "summary": "", "by": by} | changes)


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


def miss_twice(application, officer, now):
    """Let nobody answer two calls. Return who rang last."""
    for days in (3, 9):
        slot = slot_at(application, NOW + days * DAY)
        interview = book(application, slot, officer)
        now(slot.starts_at)
        miss_interview(interview_id=interview.pk, by=slot.interviewer)
    return slot.interviewer


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


# On behalf of a council


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


def test_a_council_is_asked_to_book_once_a_day(application, slot, officer, now):
    staff = slot.interviewer
    nudge_council(application_id=application.pk, by=staff)
    with pytest.raises(InvalidTransition, match="today already"):
        nudge_council(application_id=application.pk, by=staff)
    now(NOW + DAY)
    nudge_council(application_id=application.pk, by=staff)
    assert mail("interview-nudge", officer).count() == 2
    book(application, slot, officer)
    assert set(mail("interview-nudge").values_list("status", flat=True)) == {EmailStatus.SUPPRESSED}
    with pytest.raises(InvalidTransition, match="nothing to book"):
        nudge_council(application_id=application.pk, by=staff)


def days_of_sweeps(now, start, end):
    while start < end:
        start += timedelta(hours=1)
        now(start)
        send_due(start)


def reminders_of(*people):
    return list(mail("interview-reminder", *people).order_by("pk").values_list("recipient", flat=True))


def test_everybody_is_reminded_two_days_and_two_hours_before_over_the_clock_change(application, slot, officer, now):
    book(application, slot, officer)
    assert slot.starts_at.date().isoformat() == "2026-10-26"
    everybody = sorted(person.email for person in (officer, *slot.interviewers))
    days_of_sweeps(now, NOW, slot.starts_at - 2 * DAY)
    assert reminders_of() == []
    days_of_sweeps(now, slot.starts_at - 2 * DAY, slot.starts_at - timedelta(hours=2))
    assert sorted(reminders_of()) == everybody
    days_of_sweeps(now, slot.starts_at - timedelta(hours=2), slot.starts_at + 2 * DAY)
    assert sorted(reminders_of()) == sorted(everybody * 2)


def test_a_late_booking_and_a_late_move_get_no_late_reminder(application, officer, now):
    soon, sooner = slot_at(application, NOW + timedelta(hours=40)), slot_at(application, NOW + timedelta(hours=30))
    book(application, soon, officer)
    days_of_sweeps(now, NOW, NOW + timedelta(hours=1))
    assert reminders_of() == []
    change(application, sooner, officer)
    days_of_sweeps(now, NOW + timedelta(hours=1), NOW + timedelta(hours=27))
    assert reminders_of() == []
    days_of_sweeps(now, NOW + timedelta(hours=27), NOW + timedelta(hours=40))
    assert len(reminders_of()) == 3


def test_who_takes_over_late_gets_no_late_reminder(application, slot, officer, now):
    interview = book(application, slot, officer)
    days_of_sweeps(now, NOW, slot.starts_at - DAY)
    joined = StaffFactory()
    replace_interviewer(interview_id=interview.pk, seat="interviewer", person=joined, by=slot.interviewer)
    days_of_sweeps(now, slot.starts_at - DAY, slot.starts_at - timedelta(hours=3))
    assert reminders_of(joined) == []
    days_of_sweeps(now, slot.starts_at - timedelta(hours=3), slot.starts_at)
    assert reminders_of(joined) == [joined.email]


@pytest.mark.parametrize("what", ["moved", "cancelled", "held"])
def test_a_reminder_that_waits_is_not_sent_once_the_interview_has_changed(application, slot, officer, now, what):
    interview = book(application, slot, officer)
    days_of_sweeps(now, NOW, slot.starts_at - 2 * DAY + timedelta(hours=1))
    assert len(reminders_of()) == 3
    match what:
        case "moved":
            change(application, slot_at(application, NOW + 12 * DAY), officer)
        case "cancelled":
            cancel_interview(application_id=application.pk, by=officer)
        case "held":
            Interview.objects.filter(pk=interview.pk).update(status=InterviewStatus.HELD)
            from upstream.correspondence.delivery import take_up

            assert all(take_up(pk) is None for pk in mail("interview-reminder").values_list("pk", flat=True))
    assert set(mail("interview-reminder").values_list("status", flat=True)) == {EmailStatus.SUPPRESSED}


# What interviewers note


@pytest.fixture
def guide(application):
    return [
        InterviewQuestion.objects.create(call=application.call, text=f"Question {n}", anchors=["a", "b", "c", "d", "e"], position=n)
        for n in (1, 2)
    ]


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

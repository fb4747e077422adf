"""What a council and its interviewers are reminded of."""

from datetime import timedelta

import pytest

from applications.models import Interview
from applications.services.interview_outcomes import nudge_council
from applications.services.interviews import cancel_interview, replace_interviewer
from applications.states import InterviewStatus
from tests.applications.interviews.conftest import DAY, NOW, book, change, mail, slot_at
from tests.factories import StaffFactory
from upstream.correspondence.delivery import take_up
from upstream.correspondence.reminders import send_due
from upstream.correspondence.states import EmailStatus
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


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
    """Sweep every six hours, every hour on the last day, and at the end, where what came too early would be found."""
    while start < end:
        start = min(start + timedelta(hours=6 if end - start > DAY else 1), end)
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
    days_of_sweeps(now, slot.starts_at - timedelta(hours=2), slot.starts_at)
    days_of_sweeps(now, slot.starts_at, slot.starts_at + 2 * DAY)
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
            assert all(take_up(pk) is None for pk in mail("interview-reminder").values_list("pk", flat=True))
    assert set(mail("interview-reminder").values_list("status", flat=True)) == {EmailStatus.SUPPRESSED}

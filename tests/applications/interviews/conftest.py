"""A council that is shortlisted, a time that two interviewers offer, and what people do with them."""

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from applications.calendars import interview_invitation
from applications.services.interview_outcomes import miss_interview
from applications.services.interview_sheets import save_sheet
from applications.services.interviews import book_interview, change_interview
from applications.states import ApplicationStatus
from tests.factories import ContactFactory, StaffFactory, UserFactory
from tests.factories.judging import InterviewQuestionFactory, InterviewSlotFactory, SubmittedFactory
from upstream.correspondence.models import OutboundEmail

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


@pytest.fixture
def guide(application):
    return [InterviewQuestionFactory(call=application.call, text=f"Question {n}?", position=n) for n in (1, 2)]


def book(application, slot, by, **typed):
    typed = {"contact_name": "Sam Okafor", "phone": "01632 960001"} | typed
    return book_interview(application_id=application.pk, slot_id=slot.pk, by=by, **typed)


def change(application, slot, by, **typed):
    typed = {"contact_name": "Sam Okafor", "phone": "01632 960001"} | typed
    return change_interview(application_id=application.pk, slot_id=slot.pk, by=by, **typed)


def note(interview, by, **changes):
    return save_sheet(**{"interview_id": interview.pk, "revision": 0, "lines": {}, "summary": "", "by": by} | changes)


def miss_twice(application, officer, now):
    """Let nobody answer two calls. Return who rang last."""
    for days in (3, 9):
        slot = slot_at(application, NOW + days * DAY)
        interview = book(application, slot, officer)
        now(slot.starts_at)
        miss_interview(interview_id=interview.pk, by=slot.interviewer)
    return slot.interviewer


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

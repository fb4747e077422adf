"""Who is reminded of a draft's deadline, and when."""

from datetime import timedelta

import pytest

from applications.notifications.eoi import closing_digest
from applications.reminders.eoi import CallClosed, DraftDeadline
from applications.services.eoi import start_application
from applications.services.submission import submit_application, withdraw_application
from cohort.models import CouncilContact
from cohort.services.contacts import change_role
from cohort.states import ContactRole
from tests.applications.conftest import fill
from tests.factories import ContactFactory, StaffFactory, UserFactory
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import is_still_planned, send_due
from upstream.deadlines import in_words

pytestmark = pytest.mark.django_db
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def joined(draft, before_closing):
    """Return a person who began to act for the council so long before the call closes."""
    contact = ContactFactory(council=draft.council, role=ContactRole.EDITOR)
    CouncilContact.objects.filter(pk=contact.pk).update(joined_at=draft.call.closes_at - before_closing)
    return contact.user


def planned(rule, draft, person):
    call = draft.call
    found = [planned for planned in rule.planned(call.opens_at, call.closes_at + DAY, draft.pk) if planned.recipient == person.email]
    return [(call.closes_at - planned.at, planned.use_by - call.closes_at) for planned in found]


def test_a_reminder_goes_three_days_a_day_and_two_hours_before_each_of_use_until_the_next(draft, officer, move_clock):
    assert planned(DraftDeadline(), draft, officer) == [(3 * DAY, -DAY), (DAY, -2 * HOUR), (2 * HOUR, 0 * HOUR)]
    for before, sent in ((3 * DAY, 1), (DAY, 2), (2 * HOUR, 3)):
        for moment, number in ((-SECOND, sent - 1), (SECOND, sent)):
            now = draft.call.closes_at - before + moment
            move_clock(now)
            send_due(now)
            assert OutboundEmail.objects.filter(kind="draft-deadline").count() == number


def test_a_newcomer_hears_of_nothing_from_before_they_joined(draft, officer):
    assert planned(DraftDeadline(), draft, joined(draft, 12 * HOUR)) == [(2 * HOUR, 0 * HOUR)]
    late = joined(draft, -HOUR)
    assert planned(DraftDeadline(), draft, late) == planned(CallClosed(), draft, late) == []
    assert planned(CallClosed(), draft, officer) == [(0 * HOUR, 7 * DAY)]


def test_a_change_of_role_calls_off_no_reminder(draft, officer, move_clock):
    editor = ContactFactory(council=draft.council, role=ContactRole.EDITOR)
    now = draft.call.closes_at - 3 * DAY + SECOND
    move_clock(now)
    send_due(now)
    move_clock(now + SECOND)
    change_role(contact_id=editor.pk, by=officer, role=ContactRole.SUBMITTER)
    assert is_still_planned(OutboundEmail.objects.get(kind="draft-deadline", recipient=editor.user.email), now + SECOND)


def test_the_digest_counts_no_withdrawn_eoi_leads_to_its_call_and_names_who_has_more_time(whole, officer, roles):
    call = whole.call
    submit_application(application_id=whole.pk, by=officer)
    gone = ContactFactory()
    withdrawn = fill(start_application(call_id=call.pk, council_id=gone.council_id, by=gone.user), gone.user)
    submit_application(application_id=withdrawn.pk, by=gone.user)
    withdraw_application(application_id=withdrawn.pk, reason="", by=gone.user)
    given = {"requested_by": UserFactory(), "approved_by": UserFactory(), "approved_at": call.opens_at, "reason": "Flood"}
    for days in (1, 2):
        call.extensions.create(council=gone.council, until=call.closes_at + days * DAY, **given)
    text = closing_digest(call, email=StaffFactory().email, key="digest").text
    assert "Submitted: **1**" in text
    assert f"/admin/applications/application/?call={call.pk}\n" in text
    assert f"- {gone.council}, until {in_words(call.closes_at + 2 * DAY)}\n" in text
    assert text.count(str(gone.council)) == 1

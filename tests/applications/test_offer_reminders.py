"""Reminders of an open offer to submitters, and of the promised day to staff."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils.timezone import localdate, localtime

from applications.models import Offer
from applications.reminders.offers import left_to_do
from applications.services.offers import decline_offer
from cohort.models import CouncilContact
from cohort.states import ContactRole
from tests.applications.test_offers import NOW, RESPOND_ON, accept, call, eois, other, prepare, released, staff  # noqa: F401  (fixtures)
from tests.factories import ContactFactory
from tests.factories.judging import ShortlistedFactory
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import send_due

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


def sent(kind, recipient, moments, move_clock):
    """Return at which of the moments a sweep queued a message of the kind for the person."""
    found = []
    for moment in moments:
        before = OutboundEmail.objects.filter(kind=kind, recipient=recipient).count()
        move_clock(moment)
        send_due(moment)
        send_due(moment)
        if OutboundEmail.objects.filter(kind=kind, recipient=recipient).count() == before + 1:
            found.append(moment)
    return found


def test_submitters_hear_seven_and_two_days_before_the_last_day_and_on_it_and_nobody_else_does(released, move_clock):  # noqa: F811
    open_offer, declined, *_ = released
    editor = ContactFactory(council=open_offer.council, role=ContactRole.EDITOR).user
    decline_offer(application_id=declined.pk, reason="", by=declined.created_by)
    CouncilContact.objects.update(joined_at=NOW)
    ends = Offer.objects.get(application=open_offer).respond_by
    hours = [ends - timedelta(hours=number) for number in range(9 * 24, 0, -6)]
    heard = sent("offer-reminder", open_offer.created_by.email, hours, move_clock)
    # A reminder goes out with the first sweep after nine in the morning, which here is at midday.
    assert [(RESPOND_ON - localdate(moment)).days for moment in heard] == [7, 2, 0]
    assert {localtime(moment).hour for moment in heard} == {12}
    recipients = set(OutboundEmail.objects.filter(kind="offer-reminder").values_list("recipient", flat=True))
    assert recipients == {open_offer.created_by.email}
    assert editor.email not in recipients


def test_staff_hear_what_is_left_towards_the_promised_day(call, staff, eois, move_clock):  # noqa: F811
    ShortlistedFactory(call=call)
    assert left_to_do(call.cohort) == ["1 expression of interest without a decision", "4 decisions that councils have not been told"]
    promised = date(2019, 8, 19)
    mornings = [datetime.combine(promised - timedelta(days=number), time(8, 1), UTC) for number in range(13, 0, -1)]
    heard = sent("confirmations-due", staff.email, mornings, move_clock)
    assert [(promised - moment.date()).days for moment in heard] == [13, 7, 2, 1]
    assert "4 decisions that councils have not been told" in OutboundEmail.objects.filter(kind="confirmations-due").first().text


def test_staff_hear_nothing_once_nothing_is_left(call, released, move_clock):  # noqa: F811
    accept(released[0])
    assert left_to_do(call.cohort) == ["1 offer not answered yet"]
    accept(released[1])
    assert left_to_do(call.cohort) == []

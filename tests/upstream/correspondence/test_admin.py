"""The outbox in the office."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Application, Conflict
from applications.states import ConflictStatus
from tests.factories import StaffFactory, UserFactory
from tests.factories.judging import ConflictFactory, SubmittedFactory
from upstream.accounts.models import User
from upstream.audit.models import Entry
from upstream.correspondence import reminders
from upstream.correspondence.models import OutboundEmail, ReminderSent
from upstream.correspondence.states import EmailStatus, Lane

pytestmark = pytest.mark.django_db
OUTBOX = reverse("admin:correspondence_outboundemail_changelist")


def page(email, act="change"):
    return reverse(f"admin:correspondence_outboundemail_{act}", args=[email.pk])


@pytest.fixture
def staff(client, roles):
    person = StaffFactory()
    client.force_login(person)
    return person


def test_staff_read_a_message_but_never_a_sign_in_code(queue, client, staff, settings):
    readable, code = queue(), queue(key="2", lane=Lane.CODES, context={"name": "ABC-123"})
    OutboundEmail.objects.filter(pk=code.pk).update(subject="Your code")  # as allauth's are, see the next test
    assert "<strong>Sam</strong>" in client.get(page(readable)).text
    assert "ABC-123" not in client.get(page(code)).text
    settings.DEMO = True
    assert "ABC-123" in client.get(page(code)).text


def test_nobody_reads_a_message_about_what_they_may_not_see(queue, client, staff):
    conflict = ConflictFactory(user=staff)
    other = queue(about=SubmittedFactory())
    hidden = queue(key="2", about=conflict.application)
    assert client.get(page(other)).status_code == 200
    assert client.get(page(hidden)).status_code == 404
    assert list(OutboundEmail.objects.visible_to(staff)) == [other]
    Conflict.objects.update(status=ConflictStatus.DISMISSED)
    assert client.get(page(hidden)).status_code == 200


@pytest.mark.parametrize("address", ["account_request_login_code", "account_reset_password"])
def test_the_outbox_shows_no_code_in_a_subject(client, staff, address):
    person = UserFactory(password="!")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    Client().post(reverse(address), {"email": person.email})
    email = OutboundEmail.objects.get(recipient=person.email)
    code = re.search(r"\*\*(\S+)\*\*", email.text)[1]
    assert code not in client.get(OUTBOX).text
    assert code not in client.get(page(email)).text


@pytest.mark.parametrize(
    ("before", "act", "after"),
    [
        (EmailStatus.QUEUED, "hold", EmailStatus.HELD),
        (EmailStatus.HELD, "release", EmailStatus.QUEUED),
        (EmailStatus.FAILED, "retry", EmailStatus.QUEUED),
        (EmailStatus.UNKNOWN, "retry", EmailStatus.QUEUED),
        (EmailStatus.UNKNOWN, "confirm", EmailStatus.SENT),
    ],
)
def test_an_act_asks_first_then_changes_the_status_and_leaves_a_trace(queue, client, staff, before, act, after):
    email = queue()
    OutboundEmail.objects.update(status=before)
    assert page(email, act) in client.get(page(email)).text
    assert client.get(page(email, act)).status_code == 200
    email.refresh_from_db()
    assert email.status == before
    client.post(page(email, act))
    email.refresh_from_db()
    assert email.status == after
    assert Entry.objects.about(email).get().actor_id == staff.pk


@pytest.mark.parametrize("act", ["hold", "release", "retry", "confirm"])
def test_a_message_that_has_gone_can_no_longer_be_changed(queue, client, staff, act):
    email = queue()
    OutboundEmail.objects.update(status=EmailStatus.SENT)
    assert "cannot change" in client.post(page(email, act), follow=True).text
    email.refresh_from_db()
    assert email.status == EmailStatus.SENT


def test_people_without_the_permission_see_no_outbox(queue, client):
    email = queue()
    client.force_login(UserFactory(is_staff=True))
    for address in (OUTBOX, page(email), page(email, "retry"), reverse("admin:correspondence_outboundemail_forecast")):
        assert client.get(address).status_code in {302, 403, 404}
    client.post(page(email, "hold"))
    email.refresh_from_db()
    assert email.status == EmailStatus.QUEUED


@pytest.mark.parametrize("address", [OUTBOX, reverse("admin:correspondence_remindersent_changelist")])
def test_a_list_asks_as_many_questions_for_fifty_rows_as_for_five(queue, client, staff, address, django_assert_num_queries):
    def fill(numbers):
        for number in numbers:
            email = queue(key=f"{number}", recipient=f"p{number}@example.org")
            ReminderSent.objects.create(rule="test", subject="x:1", recipient=email.recipient, occurrence="once", email=email)

    fill(range(5))
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    fill(range(5, 50))
    with django_assert_num_queries(len(few)):
        assert "p49@example.org" in client.get(address).text


def test_the_forecast_says_what_goes_to_whom_and_when(client, staff, settings, move_clock):
    move_clock(datetime(2027, 3, 1, tzinfo=UTC))
    client.force_login(staff)
    settings.REMINDER_RULES = [f"{__name__}.MidMarch"]
    text = client.get(reverse("admin:correspondence_outboundemail_forecast")).text
    assert "Midday on 15 March 2027" in text
    assert "A test in March" in text
    assert "sam@example.org" in text


def test_the_forecast_and_the_ledger_leave_out_what_somebody_may_not_see(queue, client, staff, settings, move_clock):
    move_clock(datetime(2027, 3, 1, tzinfo=UTC))
    client.force_login(staff)
    settings.REMINDER_RULES = [f"{__name__}.MidMarchAboutAnApplication"]
    conflict = ConflictFactory(user=staff)
    subject = f"applications.application:{conflict.application.pk}"
    email = queue(about=conflict.application, recipient="sam@example.org")
    ReminderSent.objects.create(rule="draft-deadline", subject=subject, recipient="sam@example.org", occurrence="once", email=email)
    pages = [reverse(f"admin:correspondence_{page}") for page in ("outboundemail_forecast", "remindersent_changelist")]
    for page in pages:
        assert "sam@example.org" not in client.get(page).text
    Conflict.objects.update(status=ConflictStatus.DISMISSED)
    for page in pages:
        assert "sam@example.org" in client.get(page).text


class MidMarch:
    name, title = "mid-march", "A test in March"

    def planned(self, start, end, subject_id=None):
        at = datetime(2027, 3, 15, 12, tzinfo=UTC)
        person = User.objects.first()
        yield reminders.Planned(at=at, use_by=at, subject=person, recipient="sam@example.org", occurrence="once")


class MidMarchAboutAnApplication(MidMarch):
    def planned(self, start, end, subject_id=None):
        for planned in super().planned(start, end):
            yield replace(planned, subject=Application.objects.get())


def test_the_ledger_says_what_reminded_whom_of_what(queue, client, staff):
    email, until = queue(recipient="sam@example.org"), "3 days before 2026-11-26T17:00:00+00:00"
    ReminderSent.objects.create(
        rule="draft-deadline", subject=f"accounts.user:{staff.pk}", recipient="sam@example.org", occurrence=until, email=email
    )
    ReminderSent.objects.create(rule="no-such-rule", subject="accounts.user:0", recipient="sam@example.org", occurrence="once")
    page = client.get(reverse("admin:correspondence_remindersent_changelist")).text
    for words in ("Deadline reminder to a council with a draft", staff.full_name, "No such rule", "User that is no longer on record"):
        assert words in page
    assert "3 days before 5pm on 26 November 2026" in page


def test_an_empty_ledger_says_what_will_stand_there(client, staff):
    assert "No reminder has gone out yet" in client.get(reverse("admin:correspondence_remindersent_changelist")).text
    assert "Nothing matches" in client.get(reverse("admin:correspondence_remindersent_changelist"), {"q": "sam"}).text


def test_what_comes_with_a_message_is_named_in_words(queue, client, staff):
    email = queue()
    OutboundEmail.objects.update(attachment="signed-agreement")
    assert "Signed agreement" in client.get(page(email)).text

"""Messages on their way to a real SMTP server that accepts, refuses, hangs or is gone."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from celery.signals import before_task_publish
from django.db import connection

from tests.factories import StaffFactory
from upstream import clock
from upstream.correspondence import delivery, services, tasks
from upstream.correspondence.delivery import deliver, take_up
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus, Lane

pytestmark = pytest.mark.django_db
START = datetime(2027, 3, 1, 9, tzinfo=UTC)


def attachment(email):
    return "receipt.pdf", b"%PDF-", "application/pdf"


def broken_attachment(email):
    raise ValueError(email.pk)


def deliver_due():
    for email_id in OutboundEmail.objects.due(clock.now()).order_by("pk").values_list("pk", flat=True):
        deliver(email_id)


def test_a_message_arrives_whole_and_once(queue, smtp, settings):
    settings.EMAIL_ATTACHMENTS = {"receipt": f"{__name__}.attachment"}
    email = queue(attachment="receipt")
    deliver(email.pk)
    deliver(email.pk)
    (message,) = smtp.messages
    assert message["To"] == "sam@example.org"
    assert message["Subject"] == "Hello Sam"
    assert message["Message-ID"] == email.message_id
    assert message["Reply-To"] == settings.SUPPORT_EMAIL
    assert "Dear Sam," in message.get_body("plain").get_content()
    assert "<strong>Sam</strong>" in message.get_body("html").get_content()
    assert [part.get_filename() for part in message.iter_attachments()] == ["receipt.pdf"]
    email.refresh_from_db()
    assert (email.status, email.attempts, email.leased_until) == (EmailStatus.SENT, 1, None)
    assert email.sent_at


def test_a_name_with_line_breaks_adds_no_header_and_no_recipient(queue, smtp):
    deliver(queue(context={"name": "Sam\nBcc: everyone@example.org"}).pk)
    (message,) = smtp.messages
    assert message["Bcc"] is None
    assert message["To"] == "sam@example.org"


def test_a_message_past_its_use_is_never_sent(queue, smtp):
    email = queue(use_by=clock.now())
    deliver(email.pk)
    email.refresh_from_db()
    assert email.status == EmailStatus.SUPPRESSED
    assert smtp.messages == []


@pytest.mark.parametrize("answer", ["451 try later", "550 not with that content"])
def test_what_the_server_says_about_the_content_decides_between_later_and_never(queue, smtp, answer):
    smtp.data_answer = answer
    email = queue()
    deliver(email.pk)
    email.refresh_from_db()
    assert email.status == (EmailStatus.FAILED if answer.startswith("5") else EmailStatus.QUEUED)
    assert answer[4:] in email.error


def test_an_address_refused_for_good_fails_at_once_and_staff_hear_once_a_day(queue, smtp, roles):
    staff = StaffFactory()
    smtp.recipient_answer = "550 no such person"
    for number in range(3):
        deliver(queue(key=f"{number}").pk)
    assert OutboundEmail.objects.needing_a_person().count() == 3
    assert [alarm.recipient for alarm in OutboundEmail.objects.filter(kind="mail-refused")] == [staff.email]


def test_an_attachment_that_cannot_be_made_waits_for_another_attempt(queue, smtp, settings):
    settings.EMAIL_ATTACHMENTS = {"receipt": f"{__name__}.broken_attachment"}
    email = queue(attachment="receipt")
    deliver(email.pk)
    email.refresh_from_db()
    assert (email.status, smtp.messages) == (EmailStatus.QUEUED, [])


@pytest.mark.parametrize(("lane", "fate"), [(Lane.REMINDERS, EmailStatus.QUEUED), (Lane.LETTERS, EmailStatus.UNKNOWN)])
def test_after_a_silence_at_the_end_ordinary_mail_is_sent_again_and_a_letter_waits_for_a_person(queue, smtp, lane, fate):
    smtp.wait = 1.5
    email = queue(lane=lane)
    deliver(email.pk)
    email.refresh_from_db()
    assert email.status == fate
    assert len(smtp.messages) == 1


@pytest.mark.parametrize(("lane", "copies", "fate"), [(Lane.REMINDERS, 2, EmailStatus.SENT), (Lane.LETTERS, 1, EmailStatus.UNKNOWN)])
def test_a_worker_killed_between_sending_and_marking(queue, smtp, move_clock, monkeypatch, lane, copies, fate):
    move_clock(START)
    email = queue(lane=lane)
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "settle", lambda *args, **changes: None)  # the kill: the mark is never made
        deliver(email.pk)
    move_clock(START + delivery.LEASE - timedelta(seconds=1))
    deliver(email.pk)
    assert len(smtp.messages) == 1
    move_clock(START + delivery.LEASE)
    deliver(email.pk)
    email.refresh_from_db()
    assert email.status == fate
    assert [message["Message-ID"] for message in smtp.messages] == [email.message_id] * copies


def test_an_hour_without_smtp_loses_nothing_sends_nothing_late_and_alarms_once(queue, smtp, settings, roles, move_clock):
    staff = StaffFactory()
    up, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    move_clock(START)
    for number in range(20):
        queue(key=f"notice:{number}", recipient=f"person{number}@example.org")
        queue(key=f"code:{number}", lane=Lane.CODES, use_by=START + timedelta(minutes=15))
    for minute in range(180):
        move_clock(START + timedelta(minutes=minute))
        settings.EMAIL_PORT = up if minute >= 60 else 1
        OutboundEmail.objects.filter(kind="mail-outage", attempts=0).update(send_after=clock.now())
        deliver_due()
    arrived = sorted(message["To"] for message in smtp.messages)
    assert arrived == sorted([*(f"person{number}@example.org" for number in range(20)), staff.email])
    assert OutboundEmail.objects.filter(status=EmailStatus.SUPPRESSED, lane=Lane.CODES).count() == 20


def test_after_four_hours_a_message_fails_and_a_person_may_retry(queue, smtp, settings, move_clock):
    settings.EMAIL_PORT = 1
    move_clock(START)
    email = queue()
    attempts = []
    for minute in range(600):
        move_clock(START + timedelta(minutes=minute))
        deliver_due()
        email.refresh_from_db()
        if email.attempts > len(attempts):
            attempts.append(minute)
    assert attempts == [0, 1, 6, 21, 81, 141, 201]
    assert email.status == EmailStatus.FAILED


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
@pytest.mark.parametrize("guarded", [True, False])
def test_two_workers_racing_for_each_message_send_it_once_and_without_the_lock_twice(queue, smtp, monkeypatch, guarded):
    if not guarded:
        monkeypatch.setattr(delivery, "take_up", lambda email_id: OutboundEmail.objects.get(pk=email_id))
        monkeypatch.setattr(delivery, "settle", lambda *args, **changes: None)
    emails = [queue(key=f"{number}") for number in range(20)]
    waiting = threading.Barrier(2)

    def work():
        for email in emails:
            waiting.wait()
            delivery.deliver(email.pk)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(smtp.messages) == (20 if guarded else 40)


def test_a_lease_that_has_passed_to_another_worker_is_not_settled_by_the_first(queue, smtp, move_clock):
    move_clock(START)
    email = queue()
    first = take_up(email.pk)
    move_clock(START + delivery.LEASE)
    second = take_up(email.pk)
    delivery.settle(first, EmailStatus.QUEUED, error="too late")
    email.refresh_from_db()
    assert (email.status, email.leased_until) == (EmailStatus.SENDING, second.leased_until)


@pytest.fixture
def wake_ups():
    """What is published to the broker: task, arguments and lane."""
    seen = []

    def note(sender, body, routing_key, **_):
        seen.append((sender, *body[0], routing_key))

    before_task_publish.connect(note)
    yield seen
    before_task_publish.disconnect(note)


def test_a_commit_wakes_a_worker_in_the_lane_of_the_message(queue, wake_ups, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        code = queue(lane=Lane.CODES)
        assert not wake_ups
    services.Broker.line.submit(int).result()  # the wake-ups travel in a line of their own
    assert wake_ups == [("upstream.correspondence.tasks.deliver", code.pk, "codes")]


def test_a_pile_of_letters_leaves_room_for_codes(queue, wake_ups, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 2)
    for number in range(3):
        queue(key=f"letter-{number}", lane=Lane.LETTERS)
    code = queue(key="code", lane=Lane.CODES)
    tasks.sweep_email()
    services.Broker.line.submit(int).result()
    assert [lane for *_, lane in wake_ups].count("letters") == 2
    assert ("upstream.correspondence.tasks.deliver", code.pk, "codes") in wake_ups


def test_the_sweep_wakes_a_worker_for_everything_due_and_for_nothing_else(queue, monkeypatch):
    due, other = queue(), queue(key="2")
    OutboundEmail.objects.filter(pk=other.pk).update(status=EmailStatus.HELD)
    woken = []
    monkeypatch.setattr(tasks, "wake_worker", lambda email_id, lane, expires: woken.append((email_id, lane, expires)))
    tasks.sweep_email()
    assert woken == [(due.pk, "reminders", tasks.SWEEP_SECONDS)]

"""Delivering the outbox, one message at a time: take it up, commit, send, mark.

A worker may be killed at any point. What it had taken up is due again when its lease ends. By then the message may have gone out, so
ordinary mail is sent again under the same Message-ID, and a decision letter stops as "unknown" for a person to look at.
"""

import re
import smtplib
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils.module_loading import import_string

from upstream import clock
from upstream.correspondence.alarms import alarm_about_outage, alarm_about_refusal
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import is_still_planned
from upstream.correspondence.states import TRANSITIONS, EmailStatus, Lane
from upstream.transitions import check_transition

log = structlog.get_logger(__name__)

# Longer than CELERY_TASK_TIME_LIMIT, so that a lease never ends under a worker that is still sending.
LEASE = timedelta(minutes=6)
# How long to wait after each failure: seven attempts within four hours.
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 60, 60)]
# Staff hear of an outage at this attempt, some six minutes into it.
ALARM_AT_ATTEMPT = 3
PERMANENT = 500
# Stars around a code are copied along with it from a message without HTML.
EMPHASIS = re.compile(r"\*\*(.+?)\*\*")


def deliver(email_id: int) -> None:
    """Send one message if it is due. Does nothing when it is not, or when another worker has it."""
    email = take_up(email_id)
    if email is None:
        return
    connection = get_connection()
    may_have_left = False
    try:
        message = compose(email, connection)
        connection.open()
        may_have_left = True
        message.send()
    except Exception as error:  # noqa: BLE001  (whatever it was, the message must not be lost)
        settle_failure(email, error, may_have_left=may_have_left and not is_refusal(error))
    else:
        settle(email, EmailStatus.SENT, sent_at=clock.now())
    finally:
        # After the mark: a server that fails at "goodbye" has the message all the same.
        with suppress(Exception):
            connection.close()


@transaction.atomic
def take_up(email_id: int) -> OutboundEmail | None:
    """Lease a due message to this worker, unless there is a reason not to send it any more."""
    now = clock.now()
    waiting = OutboundEmail.objects.due(now).select_for_update(skip_locked=True, no_key=True)
    email = waiting.filter(pk=email_id).first()
    if email is None:
        return None
    if email.status == EmailStatus.SENDING and email.lane == Lane.LETTERS:
        settle(email, EmailStatus.UNKNOWN, error="The worker stopped while sending. The letter may have arrived.")
        return None
    reason = reason_not_to_send(email, now)
    if reason:
        settle(email, EmailStatus.SUPPRESSED, error=reason)
        return None
    email.status = EmailStatus.SENDING
    email.attempts += 1
    email.leased_until = now + LEASE
    email.save(update_fields=["status", "attempts", "leased_until"])
    return email


def reason_not_to_send(email: OutboundEmail, now: datetime) -> str:
    """Return why a message has become pointless since it was queued, or nothing."""
    if email.use_by and email.use_by <= now:
        return "Past the time when it was of use."
    if not is_still_planned(email, now):
        return "The reminder is no longer needed."
    return ""


def compose(email: OutboundEmail, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    """Return the message as it goes out, its attachment made now."""
    message = EmailMultiAlternatives(
        email.subject,
        EMPHASIS.sub(r"\1", email.text),
        to=[email.recipient],
        reply_to=[settings.SUPPORT_EMAIL],
        connection=connection,
        headers={"Message-ID": email.message_id},
    )
    message.attach_alternative(email.html, "text/html")
    if email.attachment:
        message.attach(*import_string(settings.EMAIL_ATTACHMENTS[email.attachment])(email))
    return message


def is_refusal(error: Exception) -> bool:
    """Return whether the server said no, so that the message certainly did not leave."""
    return isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused)


def is_permanent(error: Exception) -> bool:
    """Return whether the server refused this very message or its recipient for good. Signing in may still come right."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= PERMANENT


def settle_failure(email: OutboundEmail, error: Exception, *, may_have_left: bool) -> None:
    """Decide what becomes of a message that did not go out, or may not have."""
    log.warning("email-attempt-failed", email=email.pk, attempt=email.attempts, error=type(error).__name__)
    words = f"{type(error).__name__}: {error}"
    if may_have_left and email.lane == Lane.LETTERS:
        settle(email, EmailStatus.UNKNOWN, error=words)
    elif is_permanent(error):
        settle(email, EmailStatus.FAILED, error=words)
        alarm_about_refusal(email)
    elif email.attempts > len(WAITS):
        settle(email, EmailStatus.FAILED, error=words)
        alarm_about_outage(email)
    else:
        settle(email, EmailStatus.QUEUED, error=words, send_after=clock.now() + WAITS[email.attempts - 1])
        if email.attempts == ALARM_AT_ATTEMPT:
            alarm_about_outage(email)


def settle(email: OutboundEmail, status: EmailStatus, *, error: str = "", **changes: datetime) -> None:
    """Record where a message has got to, unless its lease has passed to somebody else."""
    check_transition(email.status, status, TRANSITIONS)
    held = OutboundEmail.objects.filter(pk=email.pk, status=email.status, leased_until=email.leased_until)
    held.update(status=status, error=error, leased_until=None, **changes)

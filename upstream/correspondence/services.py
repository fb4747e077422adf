"""The outbox: queueing a message, and what staff may do to it before and after it goes."""

import contextlib
import re
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, models, transaction
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.utils.safestring import SafeString

from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import TRANSITIONS, EmailStatus, Lane
from upstream.documents.markdown import render_markdown
from upstream.transitions import check_transition

log = structlog.get_logger(__name__)

# After the broker failed to answer, nobody waits for it again for this long.
BROKER_PAUSE_SECONDS = 30


class Broker:
    """The way to the broker: one line for the whole process, and until when the broker counts as down."""

    line = ThreadPoolExecutor(max_workers=1, thread_name_prefix="wake")
    down_until = 0.0


@transaction.atomic
def queue(  # noqa: PLR0913  (a message is described once, by name)
    *,
    key: str,
    kind: str,
    recipient: str,
    template: str,
    context: Mapping[str, Any],
    about: models.Model | None = None,
    lane: Lane = Lane.REMINDERS,
    attachment: str = "",
    at: datetime | None = None,
    use_by: datetime | None = None,
) -> OutboundEmail:
    """Put a message in the outbox, in the caller's transaction; delivery starts when that commits.

    The same key twice returns the first message. `recipient` is an email address. `template` names
    templates/emails/<template>.txt, which also gets `site_url` and `support_email`: a line "Subject: …", an empty line, then
    Markdown. `attachment` is a name in settings.EMAIL_ATTACHMENTS. `at` is the transaction's time, where the caller knows it
    already. After `use_by` the message never goes out.
    """
    subject, text = render_text(template, context)
    return add_to_outbox(
        key=key,
        kind=kind,
        recipient=recipient,
        subject=subject,
        text=text,
        about=about,
        lane=lane,
        attachment=attachment,
        at=at,
        use_by=use_by,
    )


@transaction.atomic
def add_to_outbox(*, key: str, about: models.Model | None = None, at: datetime | None = None, **fields: Any) -> OutboundEmail:
    """Put a message whose subject and text are ready in the outbox. See `queue`."""
    now = at or clock.now()
    email = OutboundEmail(
        key=key,
        html=render_html(fields["subject"], fields["text"]),
        about_type=ContentType.objects.get_for_model(about) if about else None,
        about_id=about.pk if about else None,
        send_after=now,
        created_at=now,
        **fields,
    )
    try:
        with transaction.atomic():
            email.save(force_insert=True)
    except IntegrityError:  # a repeat is rare, so nobody looks for one first
        return OutboundEmail.objects.get(key=key)
    transaction.on_commit(partial(wake_worker, email.pk, email.lane))
    return email


def render_text(template: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Return a message's subject and Markdown text, from templates/emails/<template>.txt."""
    return render_subject_and_text(f"emails/{template}.txt", context)


def render_subject_and_text(path: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Return the subject, always one line whatever the values in it hold, and the Markdown text."""
    everything = {"site_url": settings.SITE_URL, "support_email": settings.SUPPORT_EMAIL, **context}
    # Text has no HTML in it to escape; whoever makes HTML of it cleans that.
    rendered = get_template(path).template.render(Context(everything, autoescape=False))  # type: ignore[attr-defined]
    head, _, text = rendered.strip().partition("\n\n")
    subject = " ".join(head.removeprefix("Subject:").split())
    return subject[: OutboundEmail._meta.get_field("subject").max_length], text.strip() + "\n"


def render_html(subject: str, text: str) -> str:
    """Return the text in the house layout."""
    body = message_body(text)
    return render_to_string(
        "emails/base.html",
        {"subject": subject, "body": body, "site_url": settings.SITE_URL, "support_email": settings.SUPPORT_EMAIL},
    )


def message_body(text: str) -> SafeString:
    """Return a message's text as HTML. Addresses of this site, alone on a line, become links; links lead nowhere else."""
    linked = re.sub(rf"^({re.escape(settings.SITE_URL)}\S*)$", r"<\1>", text, flags=re.MULTILINE)
    return render_markdown(linked, attribute_filter=only_our_links)


def only_our_links(_tag: str, attribute: str, value: str) -> str | None:
    """Drop an address that leads elsewhere: a person's name must not become a link to a stranger's site in our mail."""
    ours = value == settings.SITE_URL or value.startswith((f"{settings.SITE_URL}/", "mailto:"))
    return value if ours or attribute != "href" else None


def wake_worker(email_id: int, lane: str, expires: int | None = None) -> None:
    """Ask a worker to deliver now. What this misses, the sweep delivers."""
    wake("upstream.correspondence.tasks.deliver", email_id, lane, expires)


def wake(task: str, record_id: int, lane: str, expires: int | None = None) -> None:
    """Ask a worker to run a task for a record now. Never raises and never waits: what this misses, a sweep has to find."""
    with contextlib.suppress(RuntimeError):  # the process is going down
        Broker.line.submit(send_wake_up, task, record_id, lane, expires)


def send_wake_up(task: str, record_id: int, lane: str, expires: int | None) -> None:
    """Tell the broker, outside the request: one that is down takes seconds to say so."""
    if time.monotonic() < Broker.down_until:
        return
    try:
        current_app.send_task(task, args=[record_id], queue=lane, expires=expires)
    except Exception as error:  # noqa: BLE001  (a thread has nobody above it to tell)
        Broker.down_until = time.monotonic() + BROKER_PAUSE_SECONDS
        log.warning("broker-unreachable", task=task, record=record_id, error=type(error).__name__)


@transaction.atomic
def suppress(*, about: models.Model, kinds: Collection[str], reason: str) -> int:
    """Call off what waits to be sent about a record. Returns how many messages; what is being sent cannot be called back."""
    waiting = OutboundEmail.objects.about(about).filter(kind__in=kinds, status__in=[EmailStatus.HELD, EmailStatus.QUEUED])
    return waiting.update(status=EmailStatus.SUPPRESSED, error=reason)


def hold(*, email_id: int, by: User) -> OutboundEmail:
    """Keep a queued message back until somebody releases it. Raises InvalidTransition when it has already left."""
    return move(email_id, {EmailStatus.QUEUED}, EmailStatus.HELD, by=by, verb="email.held")


def release(*, email_id: int, by: User) -> OutboundEmail:
    """Let a held message go. Raises InvalidTransition when it is not held."""
    return move(email_id, {EmailStatus.HELD}, EmailStatus.QUEUED, by=by, verb="email.released")


def retry(*, email_id: int, by: User) -> OutboundEmail:
    """Start again with a message that failed, or whose fate is unknown. Raises InvalidTransition for any other."""
    return move(email_id, {EmailStatus.FAILED, EmailStatus.UNKNOWN}, EmailStatus.QUEUED, by=by, verb="email.retried")


def confirm_sent(*, email_id: int, by: User) -> OutboundEmail:
    """Settle a letter whose fate was unknown: somebody has made sure that it arrived. Raises InvalidTransition for any other."""
    return move(email_id, {EmailStatus.UNKNOWN}, EmailStatus.SENT, by=by, verb="email.confirmed")


@transaction.atomic
def move(email_id: int, sources: Collection[EmailStatus], target: EmailStatus, *, by: User, verb: str) -> OutboundEmail:
    """Change a message's status by hand, from one of the statuses in which a person has a say."""
    email = OutboundEmail.objects.select_for_update(no_key=True).get(pk=email_id)
    check_transition(email.status, target, {source: TRANSITIONS[source] for source in sources})
    previous, email.status = email.status, target
    email.attempts = 0
    email.error = ""
    email.send_after = clock.now()
    email.save(update_fields=["status", "attempts", "error", "send_after"])
    record(actor=by, verb=verb, subject=email, previous=previous)
    if target == EmailStatus.QUEUED:
        transaction.on_commit(partial(wake_worker, email.pk, email.lane))
    return email

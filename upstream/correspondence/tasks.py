"""What Celery wakes up. Each may run twice, late or not at all: the rows are the truth."""

import structlog
from celery import shared_task

from upstream import clock
from upstream.correspondence import delivery, reminders
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.services import wake_worker
from upstream.correspondence.states import Lane

log = structlog.get_logger(__name__)

# A wake-up that nobody took before the next sweep is dropped, so that they never pile up.
SWEEP_SECONDS = 55
BATCH = 2000


@shared_task
def deliver(email_id: int) -> None:
    """Deliver one message."""
    delivery.deliver(email_id)


@shared_task
def sweep_email() -> None:
    """Wake a worker for everything due that a wake-up missed, lane by lane: a pile of letters leaves room for codes."""
    for lane in Lane.values:
        due = OutboundEmail.objects.due(clock.now()).filter(lane=lane).order_by("send_after").values_list("pk", flat=True)
        for email_id in due[:BATCH]:
            wake_worker(email_id, lane, expires=SWEEP_SECONDS)


@shared_task
def sweep_reminders() -> None:
    """Queue the reminders that have fallen due."""
    sent = reminders.send_due(clock.now())
    log.info("reminders-swept", queued=sent)

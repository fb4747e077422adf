"""Telling staff that mail is not going out. The alarm is a message too: the office shows it at once."""

import structlog
from django.utils import timezone

from upstream.accounts.services import people_who_may
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.services import queue
from upstream.correspondence.states import EmailStatus

log = structlog.get_logger(__name__)


def alarm_about_outage(email: OutboundEmail) -> None:
    """Tell staff once in an outage, however many messages it holds up: an outage lasts for as long as nothing has been sent."""
    log.error("email-outage", email=email.pk)
    last_sent = OutboundEmail.objects.filter(status=EmailStatus.SENT).order_by("-sent_at").values_list("pk", flat=True).first()
    tell_staff("mail-outage", f"since-{last_sent or 0}")


def alarm_about_refusal(email: OutboundEmail) -> None:
    """Tell staff, once a day, that a mail server refused an address or a message for good."""
    log.error("email-refused", email=email.pk)
    tell_staff("mail-refused", f"{timezone.localdate()}")


def tell_staff(kind: str, occasion: str) -> None:
    """Queue one message to everybody who may do something about the outbox."""
    for person in people_who_may("correspondence.change_outboundemail"):
        queue(
            key=f"{kind}:{occasion}:{person.pk}",
            kind=kind,
            recipient=person.email,
            template=f"correspondence/{kind}",
            context={"name": person.get_full_name()},
        )

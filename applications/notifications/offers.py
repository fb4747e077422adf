"""One function per email about an offer of a place."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from applications.models import Application, Offer
from applications.notifications.eoi import address, people_of
from cohort.models import Cohort, Membership
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.services import queue, suppress
from upstream.deadlines import long_date

REMINDER = "offer-reminder"
CONFIRMATIONS_DUE = "confirmations-due"


def offer_accepted(application: Application, offer: Offer, member: Membership) -> None:
    """Welcome everybody who acts for the council, with the signed agreement."""
    drop_reminders(application, reason="The place has been accepted.")
    home = settings.SITE_URL + reverse("cohort:member", args=[member.pk])
    context = {"offer": offer, "member": member, "home": home}
    _tell_all(application, "offer-accepted", attachment="signed-agreement", context=context)


def offer_declined(application: Application, *, by: User) -> None:
    """Confirm to everybody who acts for the council that it declined."""
    drop_reminders(application, reason="The place has been declined.")
    _tell_all(application, "offer-declined", context={"by": by})


def offer_lapsed(application: Application, offer: Offer) -> None:
    """Tell everybody who acts for the council that the offer has lapsed."""
    drop_reminders(application, reason="The offer has lapsed.")
    _tell_all(application, "offer-lapsed", context={"offer": offer})


def drop_reminders(application: Application, *, reason: str) -> None:
    """Drop the reminders that wait to be sent."""
    suppress(about=application, kinds=[REMINDER], reason=reason)


def offer_reminder(offer: Offer, *, email: str, key: str, use_by: datetime) -> OutboundEmail:
    """Remind a submitter that the offer is still open."""
    return _tell(offer.application, REMINDER, to=User.objects.get(email=email), key=key, use_by=use_by, context={"offer": offer})


def confirmations_due(cohort: Cohort, *, lines: Iterable[str], email: str, key: str, use_by: datetime) -> OutboundEmail:
    """Tell a member of staff what still stands between the councils and the answer they were promised."""
    return queue(
        key=key,
        kind=CONFIRMATIONS_DUE,
        recipient=email,
        template=f"applications/{CONFIRMATIONS_DUE}",
        context={"cohort": cohort, "lines": list(lines), "due": long_date(cohort.confirmations_due_on)},
        about=cohort,
        use_by=use_by,
    )


def _tell_all(application: Application, kind: str, **options: Any) -> None:
    for person in people_of(application):
        _tell(application, kind, to=person, key=f"{kind}:{application.pk}:{person.pk}", **options)


def _tell(application: Application, kind: str, *, to: User, key: str, context: dict[str, Any], **options: Any) -> OutboundEmail:
    everything: dict[str, Any] = {"application": application, "person": to, "link": address("eoi", application.reference), **context}
    return queue(
        key=key,
        kind=kind,
        recipient=to.email,
        template=f"applications/{kind}",
        context=everything,
        about=application,
        **options,
    )

"""The emails about who may act for a council."""

from django.conf import settings

from cohort.models import CouncilContact, Delegate
from cohort.states import ContactRole
from upstream.accounts.models import User
from upstream.correspondence.services import queue


def notify_requested(contact: CouncilContact) -> None:
    """Tell those who can accept a request: the council's submitters and the office."""
    for submitter in other_submitters(contact):
        send(contact, "requested", submitter)
    queue(
        key=f"council-requested:{contact.pk}:{contact.changed_at.isoformat()}:office",
        kind="council-requested",
        recipient=settings.SUPPORT_EMAIL,
        template="cohort/requested-office",
        context={"contact": contact},
        about=contact,
    )


def notify_joined(contact: CouncilContact) -> None:
    """Tell the council's submitters that somebody was let in by their work address."""
    for submitter in other_submitters(contact):
        send(contact, "joined", submitter)


def notify_accepted(contact: CouncilContact) -> None:
    """Tell a person that they may act for the council."""
    send(contact, "accepted", contact.user)


def notify_refused(contact: CouncilContact) -> None:
    """Tell a person that they may not."""
    send(contact, "refused", contact.user)


def notify_invited(contact: CouncilContact) -> None:
    """Invite a person."""
    send(contact, "invited", contact.user)


def notify_role_changed(contact: CouncilContact) -> None:
    """Tell a person that their role has changed."""
    send(contact, "role-changed", contact.user)


def notify_ended(contact: CouncilContact) -> None:
    """Tell a person that they no longer act for the council."""
    send(contact, "ended", contact.user)


def other_submitters(contact: CouncilContact) -> list[User]:
    """Return the council's active submitters, this person left out."""
    others = CouncilContact.objects.active().filter(council=contact.council, role=ContactRole.SUBMITTER)
    return [other.user for other in others.exclude(pk=contact.pk).select_related("user")]


def send(contact: CouncilContact, event: str, recipient: User) -> None:
    """Queue one message about a change of the contact, once for that change and person."""
    queue(
        key=f"council-{event}:{contact.pk}:{contact.changed_at.isoformat()}:{recipient.pk}",
        kind=f"council-{event}",
        recipient=recipient.email,
        template=f"cohort/{event}",
        context={"contact": contact, "recipient": recipient},
        about=contact,
    )


def delegate_named(delegate: Delegate) -> None:
    """Ask a person to confirm that they take part for a member council."""
    send_about(delegate, "delegate-named", delegate.user)


def delegate_replaced(delegate: Delegate) -> None:
    """Tell a person that somebody else takes part in their place."""
    send_about(delegate, "delegate-replaced", delegate.user)


def delegate_answered(delegate: Delegate) -> None:
    """Tell the council's submitters what a person whom they named has answered."""
    submitters = CouncilContact.objects.active().filter(council=delegate.membership.council, role=ContactRole.SUBMITTER)
    for submitter in submitters.exclude(user=delegate.user).select_related("user"):
        send_about(delegate, "delegate-answered", submitter.user)


def send_about(delegate: Delegate, kind: str, recipient: User) -> None:
    """Queue one message about a delegate's standing, once for that standing and person."""
    queue(
        key=f"{kind}:{delegate.pk}:{delegate.status}:{recipient.pk}",
        kind=kind,
        recipient=recipient.email,
        template=f"cohort/{kind}",
        context={"delegate": delegate, "recipient": recipient, "membership": delegate.membership},
        about=delegate,
    )

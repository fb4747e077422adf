"""Who may act for a council. Whatever changes that locks the council first, so that two changes never decide on the same picture."""

from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from cohort import notifications
from cohort.models import Council, CouncilContact, CouncilContactQuerySet
from cohort.policies import can_manage_people
from cohort.states import CONTACT_TRANSITIONS, ContactRole, ContactStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.accounts.services import find_or_invite_user
from upstream.audit.services import record
from upstream.transitions import InvalidTransition, check_transition

# So that nobody can make the site write to every council, or to the whole world in a council's name.
MOST_REQUESTS = 5
MOST_INVITATIONS = 20


class NotPossible(InvalidTransition):
    """What was asked cannot be done as things stand. The message says why and what to do, in words for the person."""


@transaction.atomic
def request_to_act(*, user: User, council: Council) -> CouncilContact:
    """Ask to act for a council; the contact that comes back says whether the person now may.

    A person with a proven address on one of the council's email domains may at once: as submitter where the council has none,
    else as editor. So may somebody who has been invited. Everybody else waits for a submitter or the office, and so does a
    person whose standing was ended before, whatever their address. Asking twice is harmless. Raises NotPossible.
    """
    council = _lock_council(council.pk)
    contact = CouncilContact.objects.filter(council=council, user=user).first()
    if contact and contact.status in {ContactStatus.ACTIVE, ContactStatus.REQUESTED}:
        return contact
    if contact and contact.status == ContactStatus.INVITED:
        return accept_invitation(contact_id=contact.pk, by=user)
    if not Council.objects.not_ended(timezone.localdate(clock.now())).filter(pk=council.pk).exists():
        message = f"{council} has ended, so nobody can act for it."
        raise NotPossible(message)
    if contact is None and _has_work_address(user, council):
        contact = _set(CouncilContact(council=council, user=user), ContactStatus.ACTIVE, role=_role_for_newcomer(council), by=None)
        notifications.notify_joined(contact)
        record(actor=user, verb="contact.joined_by_work_address", subject=contact, role=contact.role)
        return contact
    if CouncilContact.objects.filter(user=user, status=ContactStatus.REQUESTED).count() >= MOST_REQUESTS:
        message = f"You are waiting for an answer from {MOST_REQUESTS} councils. Ask again when one of them has answered."
        raise NotPossible(message)
    contact = contact or CouncilContact(council=council, user=user)
    contact = _set(contact, ContactStatus.REQUESTED, role=ContactRole.EDITOR, by=None)
    notifications.notify_requested(contact)
    record(actor=user, verb="contact.requested", subject=contact)
    return contact


@transaction.atomic
def accept_request(*, contact_id: int, by: User) -> CouncilContact:
    """Let a person act for the council: as submitter where it has none, else as editor. Raises InvalidTransition."""
    contact = _lock_contact(contact_id)
    _require_manager(by, contact.council)
    _check(contact, {ContactStatus.REQUESTED}, ContactStatus.ACTIVE)
    return _accept(contact, role=_role_for_newcomer(contact.council), by=by)


@transaction.atomic
def refuse_request(*, contact_id: int, by: User) -> CouncilContact:
    """Turn a request down. Raises InvalidTransition."""
    contact = _lock_contact(contact_id)
    _require_manager(by, contact.council)
    _check(contact, {ContactStatus.REQUESTED}, ContactStatus.ENDED)
    contact = _set(contact, ContactStatus.ENDED, by=by)
    notifications.notify_refused(contact)
    record(actor=by, verb="contact.refused", subject=contact)
    return contact


@transaction.atomic
def invite_colleague(*, by: User, council: Council, email: str, role: ContactRole) -> CouncilContact:
    """Invite a person by email address, or accept them where they are waiting already. Raises NotPossible."""
    council = _lock_council(council.pk)
    _require_manager(by, council)
    if CouncilContact.objects.filter(council=council, status=ContactStatus.INVITED).count() >= MOST_INVITATIONS:
        message = f"{council} has {MOST_INVITATIONS} invitations without an answer. Withdraw one before you send another."
        raise NotPossible(message)
    user = find_or_invite_user(email=email)
    contact = CouncilContact.objects.filter(council=council, user=user).first() or CouncilContact(council=council, user=user)
    if contact.status == ContactStatus.ACTIVE:
        message = f"{user.email} already acts for {council}."
        raise NotPossible(message)
    if contact.status == ContactStatus.INVITED:
        message = f"{user.email} has been invited already. To send the invitation again, withdraw it first."
        raise NotPossible(message)
    if contact.status == ContactStatus.REQUESTED:
        return _accept(contact, role=role, by=by)
    contact.invited_by = by
    contact = _set(contact, ContactStatus.INVITED, role=role, by=None)
    notifications.notify_invited(contact)
    record(actor=by, verb="contact.invited", subject=contact, role=role)
    return contact


@transaction.atomic
def accept_invitation(*, contact_id: int, by: User) -> CouncilContact:
    """Take up an invitation: only the invited person can. Raises InvalidTransition."""
    return _answer_invitation(contact_id, ContactStatus.ACTIVE, by=by, verb="contact.accepted_invitation")


@transaction.atomic
def decline_invitation(*, contact_id: int, by: User) -> CouncilContact:
    """Turn an invitation down: only the invited person can. Raises InvalidTransition."""
    return _answer_invitation(contact_id, ContactStatus.ENDED, by=by, verb="contact.declined_invitation")


@transaction.atomic
def change_role(*, contact_id: int, by: User, role: ContactRole) -> CouncilContact:
    """Make an editor a submitter, or the other way round. Raises NotPossible for a council's only submitter."""
    contact = _lock_contact(contact_id)
    _require_manager(by, contact.council)
    if contact.status != ContactStatus.ACTIVE:
        message = f"{contact.shown_name} does not act for {contact.council} now, so has no role to change."
        raise NotPossible(message)
    if contact.role == role:
        return contact
    _require_another_submitter(contact)
    contact = _set(contact, ContactStatus.ACTIVE, role=role, by=by)
    notifications.notify_role_changed(contact)
    record(actor=by, verb="contact.role_changed", subject=contact, role=role)
    return contact


@transaction.atomic
def end_contact(*, contact_id: int, by: User) -> CouncilContact:
    """End a person's standing, or withdraw an invitation: managers can, and everybody can leave.

    Raises NotPossible for a council's only submitter: without one nobody could submit or accept colleagues.
    """
    contact = _lock_contact(contact_id)
    if contact.user != by:
        _require_manager(by, contact.council)
    _check(contact, {ContactStatus.ACTIVE, ContactStatus.INVITED}, ContactStatus.ENDED)
    _require_another_submitter(contact)
    was_active = contact.status == ContactStatus.ACTIVE
    contact = _set(contact, ContactStatus.ENDED, by=by)
    if was_active:
        notifications.notify_ended(contact)
    record(actor=by, verb="contact.ended", subject=contact)
    return contact


def lock_standing(*, user: User, council_id: int, to_submit: bool = False) -> None:
    """Keep the person's standing, and their account, as they are until the transaction ends.

    Raises NotPossible unless they let the person act for the council, or submit for it: a view's check may be out of date by
    now. Every service that writes in a council's name calls this, after it has locked what it writes to. Nothing that changes
    a standing locks such a record, so neither ever waits for the other in a circle.
    """
    standing = CouncilContact.objects.active().filter(user=user, council=council_id)
    if to_submit:
        standing = standing.filter(role=ContactRole.SUBMITTER)
    if not standing.order_by().select_for_update(no_key=True):  # without its order, so that the council's row is left out
        message = f"You cannot {'submit' if to_submit else 'act'} for {Council.objects.get(pk=council_id)} now."
        raise NotPossible(message)


def _lock_council(pk: int) -> Council:
    return Council.objects.select_for_update(no_key=True).get(pk=pk)


def _lock_contact(pk: int) -> CouncilContact:
    council = _lock_council(CouncilContact.objects.values_list("council", flat=True).get(pk=pk))
    contact = CouncilContact.objects.select_related("user").get(pk=pk)
    contact.council = council
    return contact


def _require_manager(by: User, council: Council) -> None:
    if not can_manage_people(by, council):
        raise PermissionDenied


def _check(contact: CouncilContact, sources: set[ContactStatus], target: ContactStatus) -> None:
    check_transition(contact.status, target, {source: CONTACT_TRANSITIONS[source] for source in sources})


def _set(contact: CouncilContact, status: ContactStatus, *, by: User | None, role: ContactRole | None = None) -> CouncilContact:
    """Write the standing; `by` is who decided it, where anybody did."""
    contact.changed_at = clock.now()
    if status == ContactStatus.ACTIVE != contact.status:
        contact.joined_at = contact.changed_at
    contact.status = status
    contact.role = role or contact.role
    contact.decided_by = by
    if contact.pk:
        contact.save(update_fields=["status", "role", "decided_by", "invited_by", "changed_at", "joined_at"])
    else:
        contact.save()
    return contact


def _accept(contact: CouncilContact, *, role: ContactRole, by: User) -> CouncilContact:
    contact = _set(contact, ContactStatus.ACTIVE, role=role, by=by)
    notifications.notify_accepted(contact)
    record(actor=by, verb="contact.accepted", subject=contact, role=role)
    return contact


def _answer_invitation(contact_id: int, answer: ContactStatus, *, by: User, verb: str) -> CouncilContact:
    contact = _lock_contact(contact_id)
    if contact.user != by:
        raise PermissionDenied
    _check(contact, {ContactStatus.INVITED}, answer)
    contact = _set(contact, answer, by=by)
    record(actor=by, verb=verb, subject=contact, role=contact.role)
    return contact


def _submitters(council: Council) -> CouncilContactQuerySet:
    return CouncilContact.objects.active().filter(council=council, role=ContactRole.SUBMITTER)


def _role_for_newcomer(council: Council) -> ContactRole:
    """A council's first person submits; later ones write, until a submitter makes them submitters."""
    return ContactRole.EDITOR if _submitters(council).exists() else ContactRole.SUBMITTER


def _has_work_address(user: User, council: Council) -> bool:
    """Return whether the person has proven an address on one of the council's domains; a subdomain is another domain."""
    proven = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    domains = [address.rpartition("@")[2].lower() for address in proven]
    return council.domains.filter(domain__in=domains).exists()


def _require_another_submitter(contact: CouncilContact) -> None:
    """Raise NotPossible when this person is the only one who can submit for the council."""
    if {submitter.pk for submitter in _submitters(contact.council)} == {contact.pk}:
        message = f"{contact.user} is the only person who can submit for {contact.council}. Make somebody else a submitter first."
        raise NotPossible(message)

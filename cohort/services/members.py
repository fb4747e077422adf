"""Who has joined a cohort, and the people whom each member sends. Delegates change under the lock of their membership."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F

from cohort import notifications
from cohort.models import Cohort, Council, Delegate, Membership
from cohort.services.contacts import NotPossible, lock_standing
from cohort.states import DELEGATE_TRANSITIONS, DelegateStatus, MembershipStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.accounts.services import find_or_invite_user
from upstream.audit.services import record
from upstream.transitions import InvalidTransition, check_transition


class NoPlaceLeft(InvalidTransition):
    """Every place of the cohort is taken."""


@transaction.atomic
def admit_member(*, cohort: Cohort, council: Council, by: User, title: str = "", summary: str = "") -> Membership:
    """Give a council the next place of the cohort. Raises NoPlaceLeft where there is none. Locks the cohort's row.

    The place is counted by one conditional UPDATE, so that two councils never take the same.
    """
    if not take_place(cohort):
        message = f"Every place in {cohort} is taken, so your answer could not be accepted. We have not recorded it. Please write to us."
        raise NoPlaceLeft(message)
    member = Membership.objects.create(cohort=cohort, council=council, initiative_title=title[:250], initiative_summary=summary)
    record(actor=by, verb="member.admitted", subject=member)
    return member


def take_place(cohort: Cohort) -> bool:
    """Count one more member unless every place is taken. The database judges both at once."""
    return bool(Cohort.objects.filter(pk=cohort.pk, places_taken__lt=F("places")).update(places_taken=F("places_taken") + 1))


@transaction.atomic
def name_delegate(*, membership_id: int, email: str, by: User) -> Delegate:
    """Name a person whom the council sends, and ask them to confirm. The first leads. Raises NotPossible."""
    membership = _lock(membership_id)
    lock_standing(user=by, council_id=membership.council_id, to_submit=True)
    held = {delegate.seat: delegate for delegate in membership.delegates.current()}
    most = membership.cohort.delegates_per_council
    seat = next((seat for seat in range(1, most + 1) if seat not in held), None)
    if seat is None:
        message = f"Your council has named its {most} people already. To change one of them, replace that person."
        raise NotPossible(message)
    return _name(membership, seat=seat, email=email, is_lead=not any(each.is_lead for each in held.values()), by=by)


@transaction.atomic
def replace_delegate(*, delegate_id: int, email: str, by: User) -> Delegate:
    """Name somebody else for a delegate's seat, and tell both. Raises NotPossible, and InvalidTransition for one who has left."""
    delegate = _lock_delegate(delegate_id)
    lock_standing(user=by, council_id=delegate.membership.council_id, to_submit=True)
    check_transition(delegate.status, DelegateStatus.REPLACED, DELEGATE_TRANSITIONS)
    if delegate.user.email.lower() == email.lower():
        message = f"{email} has this place already. Enter another address."
        raise NotPossible(message)
    _end(delegate, DelegateStatus.REPLACED)
    successor = _name(delegate.membership, seat=delegate.seat, email=email, is_lead=delegate.is_lead, by=by)
    notifications.delegate_replaced(delegate)
    record(actor=by, verb="delegate.replaced", subject=delegate, successor=successor.pk)
    return successor


@transaction.atomic
def confirm_delegate(*, delegate_id: int, by: User) -> Delegate:
    """Say that one takes part: only the person who was named can. Confirming twice is harmless. Raises InvalidTransition."""
    delegate = _lock_delegate(delegate_id, by)
    if delegate.status == DelegateStatus.CONFIRMED:
        return delegate
    check_transition(delegate.status, DelegateStatus.CONFIRMED, DELEGATE_TRANSITIONS)
    delegate.status = DelegateStatus.CONFIRMED
    delegate.answered_at = clock.now()
    delegate.save(update_fields=["status", "answered_at"])
    notifications.delegate_answered(delegate)
    record(actor=by, verb="delegate.confirmed", subject=delegate)
    return delegate


@transaction.atomic
def decline_delegate(*, delegate_id: int, by: User) -> Delegate:
    """Say that one does not take part: the seat is free again. Raises InvalidTransition."""
    delegate = _lock_delegate(delegate_id, by)
    check_transition(delegate.status, DelegateStatus.DECLINED, DELEGATE_TRANSITIONS)
    delegate.answered_at = clock.now()
    _end(delegate, DelegateStatus.DECLINED)
    notifications.delegate_answered(delegate)
    record(actor=by, verb="delegate.declined", subject=delegate)
    return delegate


def _lock(membership_id: int) -> Membership:
    Membership.objects.select_for_update(no_key=True, of=("self",)).get(pk=membership_id)
    membership = Membership.objects.select_related("cohort", "council").get(pk=membership_id)
    if membership.status != MembershipStatus.ACTIVE:
        message = f"{membership.council} is no longer a member, so nobody can be named for it."
        raise NotPossible(message)
    return membership


def _lock_delegate(delegate_id: int, by: User | None = None) -> Delegate:
    membership = _lock(Delegate.objects.values_list("membership", flat=True).get(pk=delegate_id))
    delegate = Delegate.objects.select_related("user", "named_by").get(pk=delegate_id)
    if by and delegate.user_id != by.pk:
        raise PermissionDenied
    delegate.membership = membership
    return delegate


def _name(membership: Membership, *, seat: int, email: str, is_lead: bool, by: User) -> Delegate:
    user = find_or_invite_user(email=email)
    if membership.delegates.current().filter(user=user).exists():
        message = f"{user.email} is named for your council already."
        raise NotPossible(message)
    delegate = Delegate.objects.create(membership=membership, user=user, seat=seat, is_lead=is_lead, named_by=by, named_at=clock.now())
    notifications.delegate_named(delegate)
    record(actor=by, verb="delegate.named", subject=delegate, seat=seat)
    return delegate


def _end(delegate: Delegate, status: DelegateStatus) -> None:
    delegate.status = status
    delegate.ended_at = clock.now()
    delegate.save(update_fields=["status", "answered_at", "ended_at"])

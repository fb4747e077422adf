"""Answering an offer of a place. Each function locks the EoI, then its offer, and reads everything after the locks."""

import hashlib
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from applications.models import Application, Call, Decision, Offer
from applications.notifications import offers as notifications
from applications.services.decisions import changeable, hold
from applications.services.places import free_to_promote
from applications.states import TRANSITIONS, ApplicationStatus, Stage
from cohort.services.contacts import lock_standing
from cohort.services.members import admit_member
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.deadlines import in_words
from upstream.transitions import InvalidTransition, check_transition


@dataclass(frozen=True)
class Signature:
    """What a person typed and pressed: their name and role, where from, and the hash of the text that they were shown."""

    name: str
    role: str
    address: str
    sha256: str


@transaction.atomic
def accept_offer(*, application_id: int, signature: Signature, by: User) -> Offer:
    """Sign the agreement and make the council a member. A second press changes nothing and finds the same offer.

    Raises InvalidTransition when the offer is no longer open, late by the database's clock, or every place is taken;
    NotPossible for somebody who can no longer submit for the council; ValidationError when another text was shown.
    """
    application, offer = _lock(application_id)
    lock_standing(user=by, council_id=application.council_id, to_submit=True)
    if offer.accepted_at:
        return offer
    now = clock.now()
    if offer.is_open and now >= offer.respond_by:
        message = f"The offer was open until {in_words(offer.respond_by)}, so it can no longer be accepted."
        raise InvalidTransition(message)
    check_transition(application.status, ApplicationStatus.ACCEPTED, TRANSITIONS)
    if not signature.sha256 == offer.agreement_sha256 == text_hash(offer):
        message = "The agreement below is not the text that you were shown. Read it again before you sign."
        raise ValidationError(message)
    offer.accepted_at, offer.answered_by = now, by
    offer.signed_name, offer.signed_role, offer.signed_address = signature.name, signature.role, signature.address
    offer.save(update_fields=["accepted_at", "answered_by", "signed_name", "signed_role", "signed_address"])
    _set_status(application, ApplicationStatus.ACCEPTED)
    title, summary = application.initiative_title, application.initiative_summary
    member = admit_member(cohort=application.call.cohort, council=application.council, by=by, title=title, summary=summary)
    notifications.offer_accepted(application, offer, member)
    record(actor=by, verb="offer.accepted", subject=offer, agreement=offer.agreement_sha256, membership=member.pk)
    return offer


def text_hash(offer: Offer) -> str:
    """Return the SHA-256 of the agreement's text."""
    return hashlib.sha256(offer.agreement.encode()).hexdigest()


@transaction.atomic
def decline_offer(*, application_id: int, reason: str, by: User) -> Offer:
    """Turn the place down for good. Raises InvalidTransition when the offer is no longer open, and NotPossible as `accept_offer`."""
    application, offer = _lock(application_id)
    lock_standing(user=by, council_id=application.council_id, to_submit=True)
    check_transition(application.status, ApplicationStatus.DECLINED, TRANSITIONS)
    _set_status(application, ApplicationStatus.DECLINED)
    _decline(offer, reason=reason, by=by)
    notifications.offer_declined(application, by=by)
    record(actor=by, verb="offer.declined", subject=offer)
    return offer


def close_offer_of_withdrawn(application: Application, *, reason: str, by: User) -> None:
    """Close the open offer of an EoI that has just been withdrawn, so that its place is free. Its EoI is locked."""
    offer = Offer.objects.open().select_for_update(no_key=True).filter(application=application).first()
    if offer:
        _decline(offer, reason=reason, by=by)
        notifications.drop_reminders(application, reason="The expression of interest has been withdrawn.")


def lapse_offers() -> int:
    """Close every offer that nobody answered in time, each in a transaction of its own. Returns how many."""
    late = Offer.objects.open().filter(respond_by__lte=clock.now()).order_by("pk")
    return sum(lapse_offer(application_id=application_id) for application_id in late.values_list("application", flat=True))


@transaction.atomic
def lapse_offer(*, application_id: int) -> bool:
    """Close an offer whose time is over. Returns False where it has been answered meanwhile."""
    application, offer = _lock(application_id)
    now = clock.now()
    if not offer.is_open or now < offer.respond_by:
        return False
    check_transition(application.status, ApplicationStatus.LAPSED, TRANSITIONS)
    _set_status(application, ApplicationStatus.LAPSED)
    offer.lapsed_at = now
    offer.save(update_fields=["lapsed_at"])
    notifications.offer_lapsed(application, offer)
    record(actor=None, verb="offer.lapsed", subject=offer)
    return True


def obstacle(application: Application, call: Call) -> str:
    """Return why an EoI of the call cannot be promoted now, or nothing when it can."""
    if application.status != ApplicationStatus.RESERVE or application.decisions.held().exists():
        return "This is not a reserve without a decision. Reload the page to see where it stands."
    if free_to_promote(call) < 1:
        return "No place is free: each is taken, offered, or will be by a decision that is held."
    return ""


@transaction.atomic
def promote_reserve(*, application_id: int, reason: str, by: User) -> Decision:
    """Hold the decision to offer a reserve a place that is free, to be released by two people as any other. Locks the call first.

    Raises InvalidTransition when no place is free, the EoI is no longer a reserve, or the person may not judge it.
    """
    call_id = Application.objects.values_list("call", flat=True).get(pk=application_id)
    call = Call.objects.select_for_update(no_key=True, of=("self",)).get(pk=call_id)
    application = Application.objects.select_for_update(no_key=True, of=("self",)).get(pk=application_id)
    held = application.decisions.held().first()
    changeable(application, held.version if held else "", by)
    if refusal := obstacle(application, call):
        raise InvalidTransition(refusal)
    decision = Decision(application=application, stage=Stage.SELECTION)
    hold(decision, outcome=ApplicationStatus.OFFERED, reason=reason, feedback="", by=by)
    record(actor=by, verb="reserve.promoted", subject=application)
    return decision


def _lock(application_id: int) -> tuple[Application, Offer]:
    Application.objects.select_for_update(no_key=True).get(pk=application_id)
    application = Application.objects.select_related("call__cohort", "council").get(pk=application_id)
    offer = Offer.objects.select_for_update(no_key=True).filter(application=application_id).first()
    if offer is None:
        message = "There is no offer to answer. Reload the page to see where it stands."
        raise InvalidTransition(message)
    return application, offer


def _set_status(application: Application, status: ApplicationStatus) -> None:
    application.status = status
    application.save(update_fields=["status"])


def _decline(offer: Offer, *, reason: str, by: User) -> None:
    offer.declined_at, offer.declined_reason, offer.answered_by = clock.now(), reason, by
    offer.save(update_fields=["declined_at", "declined_reason", "answered_by"])

"""Booking an interview, moving and cancelling it, for a council or by staff on its behalf, and letting somebody else ring.

Each locks the EoI, then the people concerned, then the slot that it takes. Reading comes after.
"""

from datetime import timedelta
from typing import Literal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max

from applications.models import Application, Conflict, Interview, InterviewSheet, InterviewSlot
from applications.models.interview import NOTICE, InterviewQuerySet
from applications.notifications import interviews as notifications
from applications.services.interview_slots import MAY_INTERVIEW, clash, lock_people, taken_by
from applications.states import INTERVIEW_TRANSITIONS, ApplicationStatus, InterviewStatus
from cohort.services.contacts import lock_standing
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.deadlines import in_words
from upstream.transitions import InvalidTransition, check_transition

OUT_OF_TRIES = "We rang and nobody answered, so no further interview can be booked here. Email us instead."
OFFER_FIRST = "Nobody answered our calls. Offer the council another chance first."
GONE = "That time is no longer available. Select another one"


class CannotBook(InvalidTransition):
    """The booking stays as it is. The message says why, for whoever books to read."""


class SlotTaken(CannotBook):
    """The time is no longer to be had. Others may be."""


@transaction.atomic
def book_interview(
    *, application_id: int, slot_id: int, contact_name: str, phone: str, by: User, on_behalf: bool = False, reason: str = ""
) -> Interview:
    """Book a slot for a shortlisted council and invite everybody. Staff may do so `on_behalf` of it, however soon, and note a reason.

    Raises CannotBook and SlotTaken, NotPossible for somebody who can no longer act for the council, and PermissionDenied for staff
    who may not interview it.
    """
    application = lock_application(application_id)
    _check_writer(application, by, on_behalf=on_behalf)
    if application.status != ApplicationStatus.SHORTLISTED:
        message = "Only a shortlisted council can book an interview."
        raise CannotBook(message)
    if application.interviews.live().exists():
        message = "This council already has an interview. Change that one instead."
        raise CannotBook(message)
    if is_out_of_tries(application):
        raise CannotBook(OFFER_FIRST if on_behalf else OUT_OF_TRIES)
    interview = Interview.objects.create(
        application=application,
        slot=_take(application, slot_id, on_behalf=on_behalf),
        contact_name=contact_name,
        phone=phone,
        booked_by=by,
        booked_at=clock.now(),
        sequence=_next_sequence(application),
        staff_reason=reason,
    )
    _give_sheets(interview)
    notifications.interview_booked(interview, on_behalf=on_behalf)
    record(actor=by, verb="interview.booked", subject=interview, slot=slot_id, on_behalf=on_behalf)
    return interview


@transaction.atomic
def change_interview(
    *, application_id: int, slot_id: int, contact_name: str, phone: str, by: User, on_behalf: bool = False, reason: str = ""
) -> Interview:
    """Move the interview to another slot, or keep its slot and change whom to ask for. Staff may do so until it starts.

    Raises what `book_interview` raises, and CannotBook when it is too late.
    """
    application = lock_application(application_id)
    _check_writer(application, by, on_behalf=on_behalf)
    interview = _changeable(application, on_behalf=on_behalf)
    before = set(interview.slot.interviewers)
    if slot_id != interview.slot_id:
        interview.slot = _take(application, slot_id, on_behalf=on_behalf)
        interview.booked_at = clock.now()
    interview.contact_name, interview.phone, interview.staff_reason = contact_name, phone, reason
    interview.sequence = _next_sequence(application)
    interview.save(update_fields=["slot", "booked_at", "contact_name", "phone", "staff_reason", "sequence"])
    _give_sheets(interview)
    notifications.interview_changed(interview, relieved=before - set(interview.slot.interviewers), on_behalf=on_behalf)
    record(actor=by, verb="interview.changed", subject=interview, slot=slot_id, on_behalf=on_behalf)
    return interview


@transaction.atomic
def cancel_interview(*, application_id: int, by: User, on_behalf: bool = False, reason: str = "") -> Interview:
    """Give the slot back. The council may book again. Staff may do so until it starts. Raises what `change_interview` raises."""
    application = lock_application(application_id)
    _check_writer(application, by, on_behalf=on_behalf)
    return _cancel(_changeable(application, on_behalf=on_behalf), by=by, on_behalf=on_behalf, reason=reason)


def cancel_interview_of_withdrawn(application: Application, *, by: User) -> None:
    """Call off the interview of a council that withdraws, however late. The caller has locked the EoI."""
    interview = _booked(application)
    if interview:
        _cancel(interview, by=by)


@transaction.atomic
def replace_interviewer(*, interview_id: int, seat: Literal["interviewer", "second_interviewer"], person: User, by: User) -> Interview:
    """Let somebody else ring, in place of one of the two. The council is told, as it knows by name who rings.

    Raises InvalidTransition once it has started, and ValidationError for somebody who may not or cannot interview then.
    """
    interview = lock_interview(interview_id)
    check_staff(interview.application, by)
    lock_people(person)
    slot = InterviewSlot.objects.select_for_update(no_key=True).get(pk=interview.slot_id)
    leaving: User = getattr(slot, seat)
    if not interview.is_booked or _has_begun(interview):
        message = "The interviewers can change until the interview starts. Reload the page to see where it stands now."
        raise InvalidTransition(message)
    if person in slot.interviewers:
        raise ValidationError({"person": f"{person} already interviews this council"})
    if not person.has_perm(MAY_INTERVIEW):
        raise ValidationError({"person": f"{person} may not interview councils"})
    if Conflict.objects.unassignable().filter(user=person, application=interview.application_id).exists():
        raise ValidationError({"person": f"{person} has a conflict of interest with this council, or may have one"})
    if problem := clash([person], taken_by([person], slot.starts_at, slot.ends_at), slot.starts_at, slot.minutes):
        raise ValidationError({"person": problem})
    setattr(slot, seat, person)
    slot.save(update_fields=[seat])
    interview.slot = slot
    interview.sequence = _next_sequence(interview.application)
    interview.save(update_fields=["sequence"])
    _give_sheets(interview)
    notifications.interviewer_replaced(interview, left=leaving)
    record(actor=by, verb="interview.reassigned", subject=interview, left=leaving.pk, joined=person.pk)
    return interview


def is_out_of_tries(application: Application) -> bool:
    """Return whether nobody answered so often that the council can book no more."""
    return application.interviews.filter(status=InterviewStatus.NO_SHOW).count() >= application.interview_tries


def check_staff(application: Application, by: User) -> None:
    """Raise PermissionDenied unless the person interviews councils, this one among them. The caller has locked the EoI."""
    if not by.has_perm(MAY_INTERVIEW) or Conflict.objects.active().filter(user=by, application=application).exists():
        raise PermissionDenied


def _check_writer(application: Application, by: User, *, on_behalf: bool) -> None:
    if on_behalf:
        check_staff(application, by)
    else:
        lock_standing(user=by, council_id=application.council_id)


def lock_application(application_id: int) -> Application:
    """Lock an EoI and return it with its call and its council."""
    Application.objects.select_for_update(no_key=True).get(pk=application_id)
    return Application.objects.select_related("call__cohort", "council").get(pk=application_id)


def lock_interview(interview_id: int) -> Interview:
    """Lock an interview, its EoI first, and return it with all that belongs to it."""
    application = Application.objects.select_for_update(no_key=True, of=("self",)).get(interviews=interview_id)
    return _whole(application).select_for_update(no_key=True, of=("self",)).get(pk=interview_id)


def _booked(application: Application) -> Interview | None:
    return _whole(application).select_for_update(no_key=True, of=("self",)).filter(status=InterviewStatus.BOOKED).first()


def _whole(application: Application) -> InterviewQuerySet:
    return Interview.objects.filter(application=application).select_related(
        "application__council", "application__call__cohort", "slot__interviewer", "slot__second_interviewer"
    )


def _changeable(application: Application, *, on_behalf: bool) -> Interview:
    interview = _booked(application)
    if interview is None:
        message = "This council has no interview to change."
        raise CannotBook(message)
    if on_behalf and _has_begun(interview):
        message = "The interview has started, so it can no longer be changed."
        raise CannotBook(message)
    if not on_behalf and clock.now() >= interview.slot.changeable_until:
        message = f"It could be changed here until {in_words(interview.slot.changeable_until)}. Email or ring us instead."
        raise CannotBook(message)
    return interview


def _has_begun(interview: Interview) -> bool:
    return bool(interview.started_at) or interview.sheets.filter(submitted_at__isnull=False).exists()


def _take(application: Application, slot_id: int, *, on_behalf: bool) -> InterviewSlot:
    InterviewSlot.objects.select_for_update(no_key=True).filter(pk=slot_id).first()
    slots = InterviewSlot.objects.open_to(application, clock.now(), timedelta(0) if on_behalf else NOTICE)
    found = slots.select_related("interviewer", "second_interviewer").filter(pk=slot_id).first()
    if found is None:
        raise SlotTaken(GONE)
    return found


def _next_sequence(application: Application) -> int:
    last: int | None = application.interviews.aggregate(last=Max("sequence"))["last"]
    return 0 if last is None else last + 1


def _give_sheets(interview: Interview) -> None:
    """Give each interviewer a sheet. One of somebody who has left goes, unless something is noted on it."""
    people = interview.slot.interviewers
    interview.sheets.filter(revision=0).exclude(interviewer__in=people).delete()
    for person in people:
        InterviewSheet.objects.get_or_create(interview=interview, interviewer=person, defaults={"created_at": clock.now()})


def _cancel(interview: Interview, *, by: User, on_behalf: bool = False, reason: str = "") -> Interview:
    check_transition(interview.status, InterviewStatus.CANCELLED, INTERVIEW_TRANSITIONS)
    interview.status = InterviewStatus.CANCELLED
    interview.staff_reason = reason
    interview.sequence = _next_sequence(interview.application)
    interview.save(update_fields=["status", "staff_reason", "sequence"])
    notifications.interview_cancelled(interview, on_behalf=on_behalf)
    record(actor=by, verb="interview.cancelled", subject=interview, on_behalf=on_behalf)
    return interview

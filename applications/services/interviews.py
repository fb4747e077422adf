"""Booking an interview, moving and cancelling it, and what becomes of it. Whatever takes a slot locks the EoI, then the slot."""

from typing import Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from applications.models import Application, Conflict, Interview, InterviewSheet, InterviewSlot
from applications.models.interview import InterviewQuerySet
from applications.notifications import interviews as notifications
from applications.services.interview_slots import MAY_INTERVIEW, clash, lock_people, taken_by
from applications.states import INTERVIEW_TRANSITIONS, ApplicationStatus, InterviewStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.deadlines import in_words
from upstream.transitions import InvalidTransition, check_transition

# A council that did not answer is asked to book again, once.
TRIES = 2
GONE = "That time is no longer available. Select another one"


class CannotBook(Exception):
    """The booking stays as it is. The message says why, for the council to read."""


class SlotTaken(CannotBook):
    """The time is no longer to be had. Others may be."""


@transaction.atomic
def book_interview(*, application_id: int, slot_id: int, contact_name: str, phone: str, by: User) -> Interview:
    """Book a slot for a shortlisted council and invite everybody. Locks the EoI and the slot. Raises CannotBook and SlotTaken."""
    application = _lock_application(application_id)
    if application.status != ApplicationStatus.SHORTLISTED:
        message = "Only a shortlisted council can book an interview."
        raise CannotBook(message)
    if application.interviews.live().exists():
        message = "Your council already has an interview. Change that one instead."
        raise CannotBook(message)
    if is_out_of_tries(application):
        message = "We have rung twice and nobody answered, so no further interview can be booked here. Email us instead."
        raise CannotBook(message)
    interview = Interview.objects.create(
        application=application,
        slot=_take(application, slot_id),
        contact_name=contact_name,
        phone=phone,
        booked_by=by,
        booked_at=clock.now(),
        sequence=_next_sequence(application),
    )
    _give_sheets(interview)
    notifications.interview_booked(interview)
    record(actor=by, verb="interview.booked", subject=interview, slot=slot_id)
    return interview


@transaction.atomic
def change_interview(*, application_id: int, slot_id: int, contact_name: str, phone: str, by: User) -> Interview:
    """Move the interview to another slot, or keep its slot and change whom to ask for. Locks the EoI and the slot.

    Raises CannotBook when it is too late or there is none, and SlotTaken.
    """
    application = _lock_application(application_id)
    interview = _changeable(application)
    before = set(interview.slot.interviewers)
    if slot_id != interview.slot_id:
        interview.slot = _take(application, slot_id)
        interview.booked_at = clock.now()
    interview.contact_name, interview.phone = contact_name, phone
    interview.sequence = _next_sequence(application)
    interview.save(update_fields=["slot", "booked_at", "contact_name", "phone", "sequence"])
    _give_sheets(interview)
    notifications.interview_changed(interview, relieved=before - set(interview.slot.interviewers))
    record(actor=by, verb="interview.changed", subject=interview, slot=slot_id)
    return interview


@transaction.atomic
def cancel_interview(*, application_id: int, by: User) -> Interview:
    """Give the slot back. The council may book again. Locks the EoI. Raises CannotBook when it is too late or there is none."""
    return _cancel(_changeable(_lock_application(application_id)), by=by)


def cancel_interview_of_withdrawn(application: Application, *, by: User) -> None:
    """Call off the interview of a council that withdraws, however late. The caller has locked the EoI."""
    interview = _booked(application)
    if interview:
        _cancel(interview, by=by)


@transaction.atomic
def miss_interview(*, interview_id: int, by: User) -> Interview:
    """Note that nobody answered, and ask the council to book again, unless it was the last try. Locks the EoI.

    Raises InvalidTransition for an interview that is not booked, has not begun by the clock, or was held.
    """
    interview = _lock_interview(interview_id)
    check_transition(interview.status, InterviewStatus.NO_SHOW, INTERVIEW_TRANSITIONS)
    if clock.now() < interview.slot.starts_at or interview.ended_at:
        message = "This can be said from when the interview should start, and not of one that has been held."
        raise InvalidTransition(message)
    interview.status = InterviewStatus.NO_SHOW
    interview.save(update_fields=["status"])
    notifications.interview_missed(interview, asks_again=not is_out_of_tries(interview.application))
    record(actor=by, verb="interview.missed", subject=interview)
    return interview


@transaction.atomic
def hold_interview(*, interview_id: int, by: User) -> Interview:
    """Settle by hand that an interview was held. Locks the EoI. Raises InvalidTransition when it cannot have been."""
    interview = _lock_interview(interview_id)
    check_transition(interview.status, InterviewStatus.HELD, INTERVIEW_TRANSITIONS)
    others = interview.application.interviews.live().exclude(pk=interview.pk)
    if clock.now() < interview.slot.starts_at or others.exists():
        message = "An interview can be held from when it starts, and only while the council has no other."
        raise InvalidTransition(message)
    interview.status = InterviewStatus.HELD
    interview.save(update_fields=["status"])
    record(actor=by, verb="interview.held", subject=interview)
    return interview


@transaction.atomic
def replace_interviewer(*, interview_id: int, seat: Literal["interviewer", "second_interviewer"], person: User, by: User) -> Interview:
    """Let somebody else ring, in place of one of the two. Locks the EoI, the slot and the person.

    Raises InvalidTransition once it has started, and ValidationError for somebody who may not or cannot interview then.
    """
    interview = _lock_interview(interview_id)
    slot = InterviewSlot.objects.select_for_update(no_key=True).get(pk=interview.slot_id)
    lock_people(person)
    leaving: User = getattr(slot, seat)
    if not interview.is_booked or interview.started_at or interview.sheets.filter(interviewer=leaving, submitted_at__isnull=False).exists():
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
    notifications.interview_changed(interview, relieved={leaving})
    record(actor=by, verb="interview.reassigned", subject=interview, left=leaving.pk, joined=person.pk)
    return interview


@transaction.atomic
def nudge_council(*, application_id: int, by: User) -> Application:
    """Ask a shortlisted council to book, once a day at most. Locks the EoI. Raises InvalidTransition when there is no reason to."""
    application = _lock_application(application_id)
    if not Application.objects.awaiting_interview().filter(pk=application_id).exists() or is_out_of_tries(application):
        message = "This council has nothing to book. Reload the page to see where it stands now."
        raise InvalidTransition(message)
    if notifications.was_nudged_today(application):
        message = "This council has been reminded today already. You can remind it again tomorrow."
        raise InvalidTransition(message)
    notifications.interview_nudged(application)
    record(actor=by, verb="interview.nudged", subject=application)
    return application


def is_out_of_tries(application: Application) -> bool:
    """Return whether nobody answered so often that the council can book no more."""
    return application.interviews.filter(status=InterviewStatus.NO_SHOW).count() >= TRIES


def _lock_application(application_id: int) -> Application:
    Application.objects.select_for_update(no_key=True).get(pk=application_id)
    return Application.objects.select_related("call__cohort", "council").get(pk=application_id)


def _lock_interview(interview_id: int) -> Interview:
    application = Application.objects.select_for_update(no_key=True, of=("self",)).get(interviews=interview_id)
    return _whole(application).select_for_update(no_key=True, of=("self",)).get(pk=interview_id)


def _booked(application: Application) -> Interview | None:
    return _whole(application).select_for_update(no_key=True, of=("self",)).filter(status=InterviewStatus.BOOKED).first()


def _whole(application: Application) -> InterviewQuerySet:
    return Interview.objects.filter(application=application).select_related(
        "application__council", "application__call__cohort", "slot__interviewer", "slot__second_interviewer"
    )


def _changeable(application: Application) -> Interview:
    interview = _booked(application)
    if interview is None:
        message = "Your council has no interview to change."
        raise CannotBook(message)
    if clock.now() >= interview.slot.changeable_until:
        message = f"It could be changed here until {in_words(interview.slot.changeable_until)}. Email or ring us instead."
        raise CannotBook(message)
    return interview


def _take(application: Application, slot_id: int) -> InterviewSlot:
    InterviewSlot.objects.select_for_update(no_key=True).filter(pk=slot_id).first()
    slot = InterviewSlot.objects.open_to(application, clock.now()).select_related("interviewer", "second_interviewer")
    found = slot.filter(pk=slot_id).first()
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


def _cancel(interview: Interview, *, by: User) -> Interview:
    check_transition(interview.status, InterviewStatus.CANCELLED, INTERVIEW_TRANSITIONS)
    interview.status = InterviewStatus.CANCELLED
    interview.sequence = _next_sequence(interview.application)
    interview.save(update_fields=["status", "sequence"])
    notifications.interview_cancelled(interview)
    record(actor=by, verb="interview.cancelled", subject=interview)
    return interview

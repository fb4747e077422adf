"""What becomes of an interview: held, or nobody answered; and of a council that has none. Each locks the EoI."""

from django.db import transaction

from applications.models import Application, Interview
from applications.notifications import interviews as notifications
from applications.services.interviews import check_staff, is_out_of_tries, lock_application, lock_interview
from applications.states import INTERVIEW_TRANSITIONS, InterviewStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.transitions import InvalidTransition, check_transition


@transaction.atomic
def miss_interview(*, interview_id: int, by: User) -> Interview:
    """Note that nobody answered, and ask the council to book again, unless it was the last try.

    Raises InvalidTransition for an interview that is not booked, has not begun by the clock, or was held.
    """
    interview = lock_interview(interview_id)
    check_staff(interview.application, by)
    check_transition(interview.status, InterviewStatus.NO_SHOW, INTERVIEW_TRANSITIONS)
    has_a_sheet = interview.sheets.filter(submitted_at__isnull=False).exists()
    if clock.now() < interview.slot.starts_at or interview.ended_at or has_a_sheet:
        message = "This can be said from when the interview should start, and not of one that has been held."
        raise InvalidTransition(message)
    interview.status = InterviewStatus.NO_SHOW
    interview.save(update_fields=["status"])
    notifications.interview_missed(interview, asks_again=not is_out_of_tries(interview.application))
    record(actor=by, verb="interview.missed", subject=interview)
    return interview


@transaction.atomic
def hold_interview(*, interview_id: int, by: User) -> Interview:
    """Settle by hand that an interview was held. Raises InvalidTransition when it cannot have been."""
    interview = lock_interview(interview_id)
    check_staff(interview.application, by)
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
def nudge_council(*, application_id: int, by: User) -> Application:
    """Ask a shortlisted council to book, once a day at most. Raises InvalidTransition when there is no reason to."""
    application = lock_application(application_id)
    check_staff(application, by)
    if not Application.objects.awaiting_interview().filter(pk=application_id).exists() or is_out_of_tries(application):
        message = "This council has nothing to book. Reload the page to see where it stands now."
        raise InvalidTransition(message)
    if notifications.was_nudged_today(application):
        message = "This council has been reminded today already. You can remind it again tomorrow."
        raise InvalidTransition(message)
    notifications.interview_nudged(application)
    record(actor=by, verb="interview.nudged", subject=application)
    return application


@transaction.atomic
def offer_another_chance(*, application_id: int, by: User) -> Application:
    """Let a council that did not answer book once more, and tell it. Raises InvalidTransition unless it is out of tries."""
    application = _lock_unanswered(application_id, by)
    application.interview_tries += 1
    application.no_interview_reason = ""
    application.save(update_fields=["interview_tries", "no_interview_reason"])
    notifications.another_chance(application)
    record(actor=by, verb="interview.another_chance", subject=application)
    return application


@transaction.atomic
def leave_without_interview(*, application_id: int, reason: str, by: User) -> Application:
    """Ask no more of a council that did not answer, and say why. Raises InvalidTransition unless it is out of tries."""
    application = _lock_unanswered(application_id, by)
    application.no_interview_reason = reason
    application.save(update_fields=["no_interview_reason"])
    record(actor=by, verb="interview.given_up", subject=application)
    return application


def _lock_unanswered(application_id: int, by: User) -> Application:
    application = lock_application(application_id)
    check_staff(application, by)
    if not is_unanswered(application):
        message = "This council has an interview or can still book one. Reload the page to see where it stands now."
        raise InvalidTransition(message)
    return application


def is_unanswered(application: Application) -> bool:
    """Return whether a shortlisted council has no interview and can book no more, as nobody answered."""
    return Application.objects.without_interview().filter(pk=application.pk).exists() and is_out_of_tries(application)

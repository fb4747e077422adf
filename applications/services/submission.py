"""Submitting an EoI and withdrawing it."""

from django.db import transaction

from applications.models import Application, SubmissionAttempt
from applications.notifications import eoi as notifications
from applications.services.answers import answered_sections, content_hash, form_version
from applications.services.interviews import cancel_interview_of_withdrawn
from applications.services.offers import close_offer_of_withdrawn
from applications.states import TRANSITIONS, ApplicationStatus, AttemptOutcome
from cohort.services.contacts import lock_standing
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.transitions import check_transition


@transaction.atomic
def submit_application(*, application_id: int, by: User, agreed: bool = True) -> SubmissionAttempt:
    """Submit the EoI if it is whole and on time, and return the attempt, which is kept whatever came of it.

    `agreed` is whether the person accepted the terms with this press.
    On time is judged by the transaction's start on the database's clock, so waiting for the lock makes nobody late.
    Locks the EoI. A second press changes nothing and finds the same receipt. Raises NotPossible for somebody who can no longer
    submit for the council, and for an editor; no attempt is kept of that, since it says nothing about the council's EoI.
    """
    Application.objects.select_for_update(no_key=True).get(pk=application_id)
    application = Application.objects.select_related("call__cohort", "council").with_deadline().get(pk=application_id)
    lock_standing(user=by, council_id=application.council_id, to_submit=True)
    sections = answered_sections(application)
    now = clock.now()
    attempt = SubmissionAttempt(
        application=application,
        at=now,
        by=by,
        deadline=application.deadline,  # type: ignore[attr-defined]
        form_version=form_version(section.section for section in sections),
        missing=[answered.question.pk for section in sections for answered in section.problems],
    )
    attempt.outcome = _outcome(attempt, agreed=agreed)
    attempt.save()
    if attempt.outcome == AttemptOutcome.ACCEPTED:
        check_transition(application.status, ApplicationStatus.SUBMITTED, TRANSITIONS)
        application.status = ApplicationStatus.SUBMITTED
        application.submitted_at = now
        application.submitted_by = by
        application.content_hash = content_hash(application, sections)
        application.terms_version = application.call.terms_version
        application.privacy_version = application.call.privacy_version
        application.save(update_fields=["status", "submitted_at", "submitted_by", "content_hash", "terms_version", "privacy_version"])
        notifications.application_submitted(application)
        record(actor=by, verb="application.submitted", subject=application, at=now, hash=application.content_hash)
    return attempt


def _outcome(attempt: SubmissionAttempt, *, agreed: bool) -> AttemptOutcome:
    if attempt.application.status == ApplicationStatus.WITHDRAWN:
        return AttemptOutcome.WITHDRAWN
    if not attempt.application.is_draft:
        return AttemptOutcome.ALREADY
    if attempt.at >= attempt.deadline:
        return AttemptOutcome.LATE
    if not agreed:
        return AttemptOutcome.NOT_AGREED
    return AttemptOutcome.INCOMPLETE if attempt.missing else AttemptOutcome.ACCEPTED


@transaction.atomic
def withdraw_application(*, application_id: int, reason: str, by: User) -> Application:
    """Withdraw the EoI for good. Locks it.

    Raises InvalidTransition once it has been decided, and NotPossible for somebody who can no longer submit for the council.
    """
    Application.objects.select_for_update(no_key=True).get(pk=application_id)
    application = Application.objects.select_related("council").with_deadline().get(pk=application_id)
    lock_standing(user=by, council_id=application.council_id, to_submit=True)
    check_transition(application.status, ApplicationStatus.WITHDRAWN, TRANSITIONS)
    application.status = ApplicationStatus.WITHDRAWN
    application.withdrawn_at = clock.now()
    application.withdrawn_reason = reason
    application.save(update_fields=["status", "withdrawn_at", "withdrawn_reason"])
    cancel_interview_of_withdrawn(application, by=by)
    close_offer_of_withdrawn(application, reason=reason, by=by)
    notifications.application_withdrawn(application, by=by)
    record(actor=by, verb="application.withdrawn", subject=application)
    return application

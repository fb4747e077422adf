"""More time for one council: one member of staff asks, another approves or refuses. Each locks the call."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from applications.models import Call, Extension
from applications.notifications import eoi as notifications
from applications.services.eoi import covered_councils
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.deadlines import in_words
from upstream.transitions import InvalidTransition


@transaction.atomic
def request_extension(*, call_id: int, council_id: int, until: datetime, reason: str, by: User) -> Extension:
    """Ask for more time for a council, which need not have a draft yet.

    Raises ValidationError, for the field `until` or for the whole form, with sentences for staff.
    """
    call = Call.objects.select_for_update(no_key=True).get(pk=call_id)
    if not call.is_frozen:
        message = "This call is not published yet. Change its closing date instead."
        raise ValidationError(message)
    if not covered_councils(call).filter(pk=council_id).exists():
        message = "This council is not covered by the call."
        raise ValidationError(message)
    if call.extensions.waiting().filter(council=council_id).exists():
        message = "A request for this council is already waiting. Approve or refuse that one first."
        raise ValidationError(message)
    check_until(until, Call.objects.with_deadline_for(council_id).get(pk=call_id).deadline)  # type: ignore[attr-defined]
    extension = call.extensions.create(council_id=council_id, until=until, reason=reason, requested_by=by)
    record(actor=by, verb="extension.requested", subject=extension, until=until.isoformat())
    return extension


def check_until(until: datetime, deadline: datetime) -> None:
    """Raise ValidationError unless the new deadline lies ahead and is later than the council's present one."""
    if until <= clock.now():
        message = "The new deadline must be in the future"
        raise ValidationError({"until": message})
    if until <= deadline:
        message = f"The new deadline must be later than the council's present one: {in_words(deadline)}"
        raise ValidationError({"until": message})


@transaction.atomic
def approve_extension(*, extension_id: int, by: User) -> Extension:
    """Move the council's deadline, drop the reminders that name the old one and tell the council.

    Raises ValidationError for whoever asked for it, or when its time has passed, and InvalidTransition once it is decided.
    """
    extension = lock_waiting(extension_id)
    if extension.requested_by_id == by.pk:
        message = "You asked for this yourself, so somebody else has to approve it."
        raise ValidationError(message)
    now = clock.now()
    if extension.until <= now:
        message = "The time asked for has already passed. Refuse this request and make another."
        raise ValidationError(message)
    if extension.until <= Call.objects.with_deadline_for(extension.council_id).get(pk=extension.call_id).deadline:  # type: ignore[attr-defined]
        message = "The council's deadline is now later than the time asked for. Refuse this request and make another."
        raise ValidationError(message)
    extension.approved_by = by
    extension.approved_at = now
    extension.save(update_fields=["approved_by", "approved_at"])
    notifications.extension_approved(extension)
    record(actor=by, verb="extension.approved", subject=extension, until=extension.until.isoformat())
    return extension


@transaction.atomic
def refuse_extension(*, extension_id: int, by: User) -> Extension:
    """Close the request. Whoever asked may do so too. Raises InvalidTransition once it is decided."""
    extension = lock_waiting(extension_id)
    extension.refused_at = clock.now()
    extension.save(update_fields=["refused_at"])
    record(actor=by, verb="extension.refused", subject=extension)
    return extension


def lock_waiting(extension_id: int) -> Extension:
    """Lock the call and return its extension. Raises InvalidTransition unless it still waits."""
    Call.objects.select_for_update(no_key=True, of=("self",)).get(extensions=extension_id)
    extension = Extension.objects.select_related("call__cohort", "council").get(pk=extension_id)
    if not extension.is_waiting:
        message = "This request has already been decided. Reload the page to see how."
        raise InvalidTransition(message)
    return extension

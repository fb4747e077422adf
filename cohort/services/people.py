"""A person's own details: here rather than in `accounts`, as what is changed goes into the audit trail, and that knows accounts."""

from django.db import transaction

from upstream.accounts.models import User
from upstream.audit.services import record


@transaction.atomic
def change_details(*, user: User, **details: str) -> None:
    """Write what a person says about themselves: `full_name`, `job_title`, `phone`. The trail holds which of it, not the words."""
    for name, value in details.items():
        setattr(user, name, value)
    user.save(update_fields=details)
    record(actor=user, verb="person.changed_own_details", subject=user, fields=list(details))

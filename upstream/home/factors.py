"""What happens when a person's second factor changes."""

from typing import Any

from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth import update_session_auth_hash
from django.dispatch import receiver
from django.http import HttpRequest

from upstream.accounts.models import User
from upstream.accounts.services import end_sessions


@receiver([authenticator_added, authenticator_removed, authenticator_reset])
def end_other_sessions(*, request: HttpRequest, user: User, **_: Any) -> None:
    """Sign the person out everywhere but here, as they signed in there under other rules."""
    end_sessions(user=user)
    update_session_auth_hash(request, user)

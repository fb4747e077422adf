"""allauth, fitted to the house."""

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest

from upstream import clock
from upstream.correspondence.services import add_to_outbox
from upstream.correspondence.states import Lane


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in mail goes through the outbox like all other mail."""

    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": "There were too many tries. Wait up to an hour and try again, or ask for a new code by email",
    }

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002  (allauth's signature)
        """Count guesses at an account by its email address alone: the site's name, which allauth adds, is what a guesser sends."""
        return str(credentials.get("email", "")).lower()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue a message of allauth's, in the lane that nothing else can hold up.

        Every message has a key of its own: two requests for a code are two codes. A code is not sent once it no longer works.
        """
        request = allauth_context.request
        everything = {"request": request, "email": email, "current_site": get_current_site(request), **context}
        message = self.render_mail(template_prefix, email, everything)
        kind = template_prefix.rpartition("/")[2].replace("_", "-")
        add_to_outbox(
            key=f"{kind}:{uuid.uuid4()}",
            kind=kind,
            recipient=email,
            subject=message.subject,
            text=str(message.body),
            lane=Lane.CODES,
            use_by=clock.now() + timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT) if "code" in context else None,
        )

    def format_email_subject(self, subject: str) -> str:
        """Return the subject as it is: the sender's name says whose it is."""
        return subject

"""allauth, fitted to the house."""

import hashlib
import uuid
from datetime import timedelta
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.core.cache import cache
from django.http import HttpRequest

from upstream import clock
from upstream.correspondence.services import add_to_outbox
from upstream.correspondence.states import Lane

# What anybody can have sent to any address, by typing it into a page.
ASKED_FOR = {
    "login-code",
    "password-reset-code",
    "email-confirmation",
    "email-confirmation-signup",
    "unknown-account",
    "account-already-exists",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in mail goes through the outbox like all other mail."""

    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "Check your email address and password",
        "enter_current_password": "Enter the password that you have now",
        "incorrect_code": "Enter the code from the latest email",
        "incorrect_password": "Check your password",
        "rate_limited": "Wait five minutes, then try again",
        "too_many_login_attempts": "There were too many tries. Wait up to an hour and try again, or ask for a new code by email",
    }

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002  (allauth's signature)
        """Count guesses at an account by its email address alone: the site's name, which allauth adds, is what a guesser sends."""
        return str(credentials.get("email", "")).lower()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue a message of allauth's, in the lane that nothing else can hold up.

        Every message has a key of its own: two requests for a code are two codes. A code is not sent once it no longer works,
        nor when the address has just had several: then the last of them works in its place.
        """
        request = allauth_context.request
        kind = template_prefix.rpartition("/")[2].replace("_", "-")
        if kind in ASKED_FOR:
            about = f"{kind}:{email.lower()}"
            is_sent = ratelimit.consume(request, app="allauth.account", action="asked_for_mail", key=about, limit_get=True)
            if "code" in context:
                remember_code(about, context["code"], is_sent=bool(is_sent))
            if not is_sent:
                return
        everything = {
            "request": request,
            "site_url": settings.SITE_URL,
            "email": email,
            "current_site": get_current_site(request),
            **context,
        }
        message = self.render_mail(template_prefix, email, everything)
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


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Two-step sign-in, in our own words."""

    error_messages: ClassVar[dict[str, Any]] = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "Enter the code that your app shows now",
    }


def remember_code(about: str, code: str, *, is_sent: bool) -> None:
    """Note that a code was sent, or else that the last one that was works in its place."""
    # Hashed, as the cache's table keeps what has expired until it is full, and an email address must not stay there.
    last = f"last-code:{hashlib.sha256(about.encode()).hexdigest()}"
    if is_sent:
        cache.set(last, code, settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
    else:
        cache.set(f"code-instead:{code}", cache.get(last, code), settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)


def code_in_mailbox(code: str) -> str:
    """Return the code that its owner has got: this one, or the last one sent before it where this one was not sent."""
    return str(cache.get(f"code-instead:{code}", code))

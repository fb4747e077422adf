"""What every view shares: a request whose person is signed in, the one way to fetch a record, and limits on how often."""

from typing import Any, Protocol, TypeVar

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from upstream.accounts.models import User

LONGEST_NUMBER = 19  # digits: with so many it may be more than a database's integer holds
Record_co = TypeVar("Record_co", bound=Model, covariant=True)


class UserRequest(HttpRequest):
    """A request from somebody who is signed in. LoginRequiredMiddleware sees to it."""

    user: User


class VisibleRecords(Protocol[Record_co]):
    """A manager or queryset that knows who may see what."""

    def visible_to(self, user: User) -> "QuerySet[Record_co, Record_co]":
        """Return what the person may see."""


def get_visible_or_404(records: VisibleRecords[Record_co], user: User, **lookup: Any) -> Record_co:
    """Return the one record that the person may see. Raises Http404 for what is missing and for what is not theirs alike."""
    return get_object_or_404(records.visible_to(user), **lookup)


def whole_number(text: str) -> int:
    """Return the key or revision that was sent, or 0, which is no record's, for what can be neither."""
    return int(text) if text.isdecimal() and len(text) < LONGEST_NUMBER else 0


def within_limit(request: HttpRequest, action: str) -> bool:
    """Count a use of something that settings.ACCOUNT_RATE_LIMITS limits, and return whether it may go on.

    The count is the person's own. Who is signed out shares the one for `<action>_signed_out` with everybody at their address.
    """
    if not request.user.is_authenticated:
        action = f"{action}_signed_out"
    return bool(ratelimit.consume(request, app="allauth.account", action=action, limit_get=True))


def check_limit(request: HttpRequest, action: str) -> None:
    """Count a use, and end the request with the page for 429 when there were too many. See `within_limit`."""
    if not within_limit(request, action):
        raise ImmediateHttpResponse(ratelimit.respond_429(request))


def client_address(request: HttpRequest) -> str:
    """Return the address that the request came from, behind as many proxies as the settings trust."""
    return str(get_adapter().get_client_ip(request))

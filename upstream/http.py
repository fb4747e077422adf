"""What every view shares: a request whose person is signed in, and the one way to fetch a record."""

from typing import Any, Protocol, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from upstream.accounts.models import User

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

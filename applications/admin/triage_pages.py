"""What all pages of triage in the office have in common: who may open them, and which EoIs each person compares there."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse

from applications.models import Assessment, Call
from applications.services.scoring import Comparison, compared, in_triage
from upstream.accounts.models import User
from upstream.office import ReadOnlyAdmin

MAY_ASSESS = "applications.assess_application"
MAY_DECIDE = "applications.decide_application"


class TriagePages(ReadOnlyAdmin):
    """Pages of triage. What a person sees on each comes from `visible_to`, so that a conflict of interest hides the EoI everywhere."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  (Django's signature)
        """Let in whoever assesses or decides."""
        return request.user.has_perm(MAY_ASSESS) or request.user.has_perm(MAY_DECIDE)

    def refuse_without(self, request: HttpRequest, *permissions: str) -> User:
        """Return the person. Raises PermissionDenied unless they have one of the permissions."""
        person: User = request.user  # type: ignore[assignment]
        if not any(person.has_perm(permission) for permission in permissions):
            raise PermissionDenied
        return person

    def to(self, page: str, call: Call | int | None = None) -> str:
        """Return the address of a page, of a call where there is one."""
        address = reverse(f"admin:{self.url_name(page)}")
        pk = call.pk if isinstance(call, Call) else call
        return f"{address}?call={pk}" if pk else address

    def compared_in(self, call: Call, user: User) -> list[Comparison]:
        """Return the EoIs of a call with what this person may see of their assessments."""
        mine = in_triage(user).filter(call=call).with_control().select_related("council")  # type: ignore[attr-defined]
        return compared(mine, Assessment.objects.visible_to(user))

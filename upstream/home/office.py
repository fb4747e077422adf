"""The office: Django's admin as staff see it."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme

from upstream.home.today import today
from upstream.home.views import sign_out


def belongs_in_the_office(user: Any) -> bool:
    """Return whether a person works here: active staff with at least one permission, from whichever role."""
    return bool(user.is_active and user.is_staff and user.get_all_permissions())


# The groups of lists, in the order of a working day. An app that is missing here comes last, under its own name.
GROUPS = {
    "applications": "Selection",
    "cohort": "Councils and cohorts",
    "correspondence": "Correspondence",
    "accounts": "Accounts",
    "audit": "Audit",
}


# The lists of a group, in the order of the work. One that is missing here comes last.
LISTS = (
    "Call",
    "Application",
    "Extension",
    "Assessment",
    "Release",
    "InterviewSlot",
    "Interview",
    "Panel",
    "PanelMember",
    "Review",
    "Conflict",
    "Cohort",
    "Council",
    "CouncilContact",
)


class OfficeSite(AdminSite):
    """The programme office at /admin/. Signing in and out, and passwords, are the website's."""

    site_header = "Programme office"
    site_title = "Upstream office"
    index_title = "Today"
    index_template = "admin/today.html"
    empty_value_display = ""  # a dash in Django

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in who works here. The middleware has seen to their second factor."""
        return belongs_in_the_office(request.user)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the working day."""
        return super().index(request, {**(extra_context or {}), **today(request)})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the lists in their order, under the names and in the order of GROUPS."""
        found = {app["app_label"]: app for app in super().get_app_list(request, app_label)}
        for app in found.values():
            app["models"].sort(key=lambda model: LISTS.index(model["object_name"]) if model["object_name"] in LISTS else len(LISTS))
        return [found.pop(label) | {"name": name} for label, name in GROUPS.items() if label in found] + list(found.values())

    def app_index(self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Show one group's lists under the group's name."""
        title = {"title": GROUPS[app_label]} if app_label in GROUPS else {}
        return super().app_index(request, app_label, title | (extra_context or {}))

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """Send people to where they can get in. Raises PermissionDenied for those who do not work here."""
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
            wanted = request.path.removesuffix("login/")
        if not request.user.is_authenticated:
            return redirect_to_login(wanted)
        if not belongs_in_the_office(request.user):
            raise PermissionDenied
        return HttpResponseRedirect(wanted)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:  # type: ignore[override]  # noqa: ARG002
        """Sign out of the office and the website together."""
        return sign_out(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]  # noqa: ARG002
        """Change the password where everybody does."""
        return redirect("account_change_password")

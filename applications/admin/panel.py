"""A panel in the office: setting it up, inviting its members and seeing how far they are."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.text import capfirst

from applications.admin.panel_assignment import AssignmentPages
from applications.forms.panel import InviteMemberForm, PanelForm
from applications.models import Panel
from applications.services.panel import invite_member, progress_of
from upstream import clock
from upstream.deadlines import in_words


@admin.register(Panel)
class PanelAdmin(AssignmentPages):
    """Panels, one for each call."""

    form = PanelForm
    list_display = ("call", "due", "reviews_per_application")
    list_select_related = ("call",)
    empty_list = "There is no panel yet. Add one for a call, then invite its members."
    fields = ("call", "reviews_per_application", "due_at")
    change_form_template = "admin/applications/panel.html"

    @admin.display(description="Scores are due", ordering="due_at")
    def due(self, panel: Panel) -> str:
        """The moment in words."""
        return capfirst(in_words(panel.due_at))

    def get_readonly_fields(self, request: HttpRequest, obj: Panel | None = None) -> Any:  # noqa: ARG002  (Django's signature)
        """A panel stays with its call."""
        return ("call",) if obj else ()

    def get_urls(self) -> list[URLPattern]:
        """Give the pages of members and progress their addresses."""
        return [
            self.address("<int:object_id>/progress/", self.progress, "progress"),
            self.address("<int:object_id>/invite/", self.invite, "invite"),
            *super().get_urls(),
        ]

    def progress(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show how far each member is."""
        panel = self.panel_or_404(request, object_id)
        lines = progress_of(panel)
        now = clock.now()
        context = {
            "lines": lines,
            "is_late": now >= panel.due_at,
            "now": now,
            "submitted": sum(line.submitted for line in lines),
            "left": sum(line.left for line in lines),
        }
        return self.panel_page(request, "panel_progress", panel, title="Members and progress", **context)

    def invite(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Invite somebody to the panel."""
        panel = self.panel_or_404(request, object_id)
        form = InviteMemberForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                member = invite_member(panel_id=panel.pk, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, f"We have emailed an invitation to {member.user}.")
                return redirect(self.own_url("progress", panel.pk))
        return self.panel_page(request, "panel_invite", panel, title="Invite a member", form=form)

"""What the pages of one panel in the office share."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from applications.models import Panel
from upstream.audit.admin import RecordedAdmin

MAY_RUN = "applications.change_panel"


class PanelPages(RecordedAdmin):
    """Finding the panel for somebody who runs it, and the way between its pages."""

    def panel_or_404(self, request: HttpRequest, object_id: int) -> Panel:
        """Return the panel for somebody who runs it."""
        panel: Panel = self.visible_or_404(request, str(object_id))
        if not request.user.has_perm(MAY_RUN):
            raise PermissionDenied
        return panel

    def panel_page(self, request: HttpRequest, template: str, panel: Panel, **context: Any) -> HttpResponse:
        """Render one of the panel's own pages."""
        return self.page(request, f"admin/applications/{template}.html", panel=panel, record=panel, back=self.page_url(panel), **context)

    def own_url(self, name: str, *args: int) -> str:
        """Return the address of one of the panel's own pages."""
        return reverse(f"admin:{self.url_name(name)}", args=args)

"""EoIs in the office: a list to find them and a page to read one. Nothing on either is edited by hand."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from applications.admin.exporting import ExportingAdmin
from applications.admin.extensions import MAY_ASK
from applications.admin.filters import (
    CallFilter,
    CompletenessFilter,
    ControlFilter,
    FocusAreaFilter,
    KindFilter,
    RegionFilter,
    StatusFilter,
)
from applications.admin.interview_acts import ACTS_OF_EOI
from applications.admin.reading import everything_about
from applications.forms.extensions import MoreTimeForm
from applications.models import Application
from applications.services.export import export_applications
from applications.services.extensions import request_extension
from applications.states import ApplicationStatus
from cohort.states import Control
from upstream.accounts.models import User
from upstream.deadlines import in_words
from upstream.documents.spreadsheets import Cell
from upstream.office import Act, moment, tag

# What is over is grey.
TONES = {
    ApplicationStatus.DRAFT: "grey",
    ApplicationStatus.SUBMITTED: "",
    ApplicationStatus.SHORTLISTED: "",
    ApplicationStatus.RESERVE: "",
    ApplicationStatus.OFFERED: "green",
    ApplicationStatus.ACCEPTED: "green",
}


def ask_for_time(application: Application, user: User, *, until: datetime, reason: str) -> str:
    """Ask for more time for the EoI's council."""
    request_extension(call_id=application.call_id, council_id=application.council_id, until=until, reason=reason, by=user)
    return f"You asked for more time for {application.council}, until {in_words(until)}. Somebody else has to approve it."


def is_draft(application: Application, _user: Any) -> bool:
    """Return whether more time would be of use."""
    return application.is_draft


@admin.register(Application)
class ApplicationAdmin(ExportingAdmin):
    """The list of EoIs, and the page to read one."""

    list_select_related = ("council",)
    list_display = (
        "reference",
        "council_name",
        "status_tag",
        "region",
        "control",
        "kind",
        "initiative_title",
        "completeness",
        moment("submitted_at", "Submitted"),
    )
    list_display_links = ("reference",)
    list_filter = (CallFilter, StatusFilter, RegionFilter, ControlFilter, KindFilter, FocusAreaFilter, CompletenessFilter)
    search_fields = ("reference", "council__name", "council__official_name", "initiative_title")
    search_help_text = "Search by reference, council or title of the initiative"
    empty_list = "No council has started to write yet. Expressions of interest appear here from their first draft on."
    show_full_result_count = False
    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="extend",
            label="Ask for more time",
            permission=MAY_ASK,
            run=ask_for_time,
            consequence="Somebody else has to approve this. We then email everybody who acts for the council.",
            form=MoreTimeForm,
            offered=is_draft,
        ),
        *ACTS_OF_EOI,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what the list shows and filters by."""
        seen = super().get_queryset(request).select_related("council", "call__cohort")
        return seen.with_control().with_completeness().with_deadline()  # type: ignore[attr-defined,no-any-return]

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show everything about one EoI, in place of Django's form."""
        del form_url, extra_context
        application = self.visible_or_404(request, object_id)
        return self.page(
            request,
            "admin/applications/application.html",
            title=f"{application.reference} {application.council}",
            application=application,
            control=self.control(application),
            status=self.status_tag(application),
            offered_acts=self.offered_acts(request, application),
            **everything_about(application, request.user),  # type: ignore[arg-type]
        )

    def table_of(self, shown: QuerySet[Any], file_format: str, by: User) -> Iterable[Iterable[Cell]]:
        """Return the EoIs that the list shows, with their answers."""
        return export_applications(applications=shown, file_format=file_format, by=by)

    @admin.display(description="Council", ordering="council__name")
    def council_name(self, application: Application) -> str:
        """The council's official name."""
        return application.council.official_name

    @admin.display(description="Nation or region", ordering="council__region")
    def region(self, application: Application) -> str:
        """Where the council is."""
        return application.council.get_region_display()

    @admin.display(description="Control", ordering="control")
    def control(self, application: Application) -> str:
        """The council's political control on the call's closing day."""
        return Control(application.control).label  # type: ignore[attr-defined]

    @admin.display(description="Kind", ordering="council__kind")
    def kind(self, application: Application) -> str:
        """The kind of council."""
        return application.council.get_kind_display()

    @admin.display(description="Status", ordering="status")
    def status_tag(self, application: Application) -> SafeString:
        """The status as the council sees it."""
        return tag(application.get_status_display(), TONES.get(ApplicationStatus(application.status), "grey"))

    @admin.display(description="Complete", ordering="sections_done")
    def completeness(self, application: Application) -> str:
        """How many sections the council has marked complete."""
        return f"{application.sections_done} of {application.sections_total} sections"  # type: ignore[attr-defined]

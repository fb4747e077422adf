"""EoIs in the office: a list to find them and a page to read one. Nothing on either is edited by hand."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.admin.filters import (
    CallFilter,
    CompletenessFilter,
    ControlFilter,
    FocusAreaFilter,
    KindFilter,
    RegionFilter,
    StatusFilter,
)
from applications.models import Application
from cohort.states import Control
from upstream.deadlines import moment_in_words
from upstream.office import ReadOnlyAdmin


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    """The list of EoIs."""

    list_display = (
        "reference",
        "council_name",
        "region",
        "control",
        "kind",
        "initiative_title",
        "status_tag",
        "completeness",
        "submitted",
    )
    list_display_links = ("reference",)
    list_filter = (CallFilter, StatusFilter, RegionFilter, ControlFilter, KindFilter, FocusAreaFilter, CompletenessFilter)
    list_select_related = ("council", "call")
    search_fields = ("reference", "council__name", "council__official_name", "initiative_title")
    search_help_text = "Reference, council or title of the initiative"
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what the list shows and filters by."""
        return super().get_queryset(request).with_control().with_completeness()  # type: ignore[attr-defined,no-any-return]

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
        return format_html(
            '<span class="office-tag office-tag-{}">{}</span>', application.status.replace("_", "-"), application.get_status_display()
        )

    @admin.display(description="Complete", ordering="sections_done")
    def completeness(self, application: Application) -> str:
        """How many sections the council has marked complete."""
        return f"{application.sections_done} of {application.sections_total} sections"  # type: ignore[attr-defined]

    @admin.display(description="Submitted", ordering="submitted_at")
    def submitted(self, application: Application) -> str:
        """When it was submitted."""
        return moment_in_words(application.submitted_at) if application.submitted_at else ""

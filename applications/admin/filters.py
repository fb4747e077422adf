"""Filters of the list of EoIs."""

from typing import Any

from django.db.models import CharField, Count, F, Func, QuerySet
from django.http import HttpRequest

from applications.models import Application, Call
from applications.states import ApplicationStatus, Completeness, ExtensionStatus
from cohort.states import Control, CouncilKind, Region
from upstream.office import ColumnFilter


class CallFilter(ColumnFilter):
    """By call, newest first."""

    title = "call"
    parameter_name = column = "call"

    def found_choices(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002  (ColumnFilter's signature)
        """Return the calls that the person may see."""
        return list(Call.objects.visible_to(request.user).values_list("pk", "title"))  # type: ignore[arg-type]


class StatusFilter(ColumnFilter):
    """By the status that the council sees."""

    title = "status"
    parameter_name = column = "status"
    labels = ApplicationStatus.choices


class ExtensionStatusFilter(ColumnFilter):
    """By whether somebody still has to decide."""

    title = "status"
    parameter_name = column = "status"
    labels = ExtensionStatus.choices


class ExtensionWaitsFilter(ColumnFilter):
    """By whether the person who looks may decide: what somebody else asked for."""

    title = "waits for"
    parameter_name = "waits"
    labels = (("you", "You"),)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what waits for this person."""
        return self.waiting(request, queryset) if self.value() is not None else queryset

    def waiting(self, request: HttpRequest, extensions: QuerySet[Any]) -> QuerySet[Any]:
        """Return those that this person may decide."""
        return extensions.waiting().exclude(requested_by=request.user)  # type: ignore[attr-defined,no-any-return]

    def counted(self, records: QuerySet[Any]) -> dict[Any, int]:
        """Return how many wait for this person."""
        return {"you": self.waiting(self.request, records).count()}


class RegionFilter(ColumnFilter):
    """By the council's nation or region."""

    title = "nation or region"
    parameter_name = "region"
    column = "council__region"
    labels = Region.choices


class ControlFilter(ColumnFilter):
    """By the council's political control on the call's closing day."""

    title = "political control"
    parameter_name = column = "control"
    labels = Control.choices


class KindFilter(ColumnFilter):
    """By the kind of council."""

    title = "kind of council"
    parameter_name = "kind"
    column = "council__kind"
    labels = CouncilKind.choices


class CompletenessFilter(ColumnFilter):
    """By how many sections are marked complete."""

    title = "completeness"
    parameter_name = column = "completeness"
    labels = Completeness.choices


class FocusAreaFilter(ColumnFilter):
    """By focus area. An EoI with two areas counts under both. The choices are what councils have chosen."""

    title = "focus area"
    parameter_name = "focus_area"
    column = "focus_areas__contains"

    def found_choices(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002  (ColumnFilter's signature)
        """Return the areas in use among the EoIs that the person may see."""
        records = Application.objects.visible_to(request.user)  # type: ignore[arg-type]
        return [(area, area) for area in sorted(self.counted(records))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  (Django's signature)
        """Keep the EoIs that chose the area."""
        return queryset.filter(focus_areas__contains=[self.value()]) if self.value() is not None else queryset

    def counted(self, records: QuerySet[Any]) -> dict[Any, int]:
        """Return how many EoIs chose each area."""
        areas = records.order_by().annotate(area=Func(F("focus_areas"), function="unnest", output_field=CharField()))
        return dict(areas.values_list("area").annotate(number=Count("pk")))

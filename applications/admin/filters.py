"""Filters of the list of EoIs. Each counts its choices in one grouped query, where Django's own would join them one by one."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import CharField, Count, F, Func, QuerySet
from django.http import HttpRequest

from applications.models import Application, Call
from applications.states import ApplicationStatus, Completeness, ExtensionStatus
from cohort.states import Control, CouncilKind, Region


class ColumnFilter(SimpleListFilter):
    """Filters by one column or annotation, named by `column`, among `labels`."""

    column = ""
    labels: Iterable[tuple[Any, str]] = ()

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[Any, str]]:  # noqa: ARG002  (Django's signature)
        """Return the choices, found once for a page: Django makes every filter anew for each filter that counts."""
        found: dict[str, list[tuple[Any, str]]] = request.__dict__.setdefault("choices_of_filters", {})
        if self.parameter_name not in found:
            found[self.parameter_name] = self.found_choices(request)  # type: ignore[index]
        return found[self.parameter_name]  # type: ignore[index]

    def found_choices(self, request: HttpRequest) -> list[tuple[Any, str]]:  # noqa: ARG002  (most choices are the same for all)
        """Return the choices."""
        return list(self.labels)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  (Django's signature)
        """Keep what was chosen; a choice that does not exist keeps nothing."""
        if self.value() is None:
            return queryset
        known = {str(value) for value, _ in self.lookup_choices}
        return queryset.filter(**{self.column: self.value()}) if self.value() in known else queryset.none()

    def counted(self, records: QuerySet[Any]) -> dict[Any, int]:
        """Return how many records each value of the column has."""
        return dict(records.order_by().values_list(self.column).annotate(number=Count("pk")))

    def get_facet_queryset(self, changelist: ChangeList) -> dict[str, int]:
        """Return the counts under the names that SimpleListFilter.choices reads."""
        numbers = self.counted(changelist.get_queryset(self.request, exclude_parameters=self.expected_parameters()))
        return {f"{i}__c": numbers.get(value, 0) for i, (value, _) in enumerate(self.lookup_choices)}


class CallFilter(ColumnFilter):
    """By call, newest first."""

    title = "call"
    parameter_name = column = "call"

    def found_choices(self, request: HttpRequest) -> list[tuple[Any, str]]:
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

    def found_choices(self, request: HttpRequest) -> list[tuple[Any, str]]:
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

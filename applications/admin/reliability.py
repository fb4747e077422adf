"""A call's scores in the office: raw and adjusted side by side, as a table and a chart, and how far they can be relied on."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern
from django.views.decorators.http import require_POST, require_safe

from applications.admin.exporting import FORMATS
from applications.models import Call
from applications.services.reliability import reliability
from applications.services.scores import FIRST_SORT, OUT_OF, SORTS, UPWARDS, Row, read_scoring, sort_rows, standings
from applications.services.scores_export import export_reliability, export_scores
from upstream.accounts.models import User
from upstream.office import OfficeAdmin

MAY_READ_CONFLICTS = "applications.view_conflict"
COLUMNS = (
    ("reference", "Reference"),
    ("council", "Council"),
    ("raw", "Raw mean"),
    ("", "Rank"),
    ("reviews", "Reviews"),
    ("adjusted", "Adjusted"),
    ("", "Interval (approximate)"),
    ("", "Rank"),
    ("expected", "Expected rank"),
    ("", "The line"),
    ("interview", "Interview, of 5"),
    ("triage", "Triage"),
)
# The chart, in the units of its SVG: narrow enough that its words can be read on a phone.
WIDTH, LEFT, RIGHT, TOP, PITCH = 400, 96, 388, 26, 18
STEP = 10


@dataclass(frozen=True)
class Column:
    """A heading, and how its link sorts: by this column, or the other way round where it is the one in force."""

    heading: str
    sort: str
    aria_sort: str


@dataclass(frozen=True)
class ChartLine:
    """An EoI on the chart: its row, where its line is, and how far along each figure lies."""

    row: Row
    y: int
    raw: int
    adjusted: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True)
class Chart:
    """Dots and intervals, the best first. `cut` is the height of the line between in and out, where somebody is out."""

    lines: list[ChartLine]
    ticks: list[tuple[int, int]]  # what each says, and how far along it is
    height: int
    cut: int | None


class ScoringPages(OfficeAdmin):
    """What a call's office pages gain: its scores, their export, and their reliability."""

    def get_urls(self) -> list[URLPattern]:
        """Give the pages their addresses."""
        return [
            self.address("<int:object_id>/scores/", require_safe(self.scores), "scores"),
            self.address("<int:object_id>/scores/<str:file_format>/", require_POST(self.export), "export"),
            self.address("<int:object_id>/reliability/", require_safe(self.reliability), "reliability"),
            self.address("<int:object_id>/reliability/<str:file_format>/", require_POST(self.export_reliability), "reliability_export"),
            *super().get_urls(),
        ]

    def scored_call(self, request: HttpRequest, object_id: int) -> tuple[Call, User]:
        """Return the call and the person, who may see scores and decides by them."""
        person: User = request.user  # type: ignore[assignment]
        call: Call = self.visible_or_404(request, str(object_id))
        if not person.has_perms(["applications.view_review", "applications.decide_application"]):
            raise PermissionDenied
        return call, person

    def scores(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show raw scores, and adjusted ones beside them, with the line between in and out."""
        call, person = self.scored_call(request, object_id)
        found = standings(read_scoring(call, person))
        sort = request.GET.get("sort", FIRST_SORT)
        return self.page(
            request,
            "admin/applications/scores.html",
            is_nav_sidebar_enabled=False,  # the table needs the width
            title="Scores",
            call=call,
            found=found,
            rows=sort_rows(found.rows, sort),
            columns=columns(sort),
            sort=sort,
            chart=chart(found.scored),
        )

    def export(self, request: HttpRequest, object_id: int, file_format: str) -> HttpResponseBase:
        """Send the table of scores, in the order that the page has."""
        call, person = self.exported_call(request, object_id, file_format)
        rows = export_scores(call=call, sort=request.GET.get("sort", FIRST_SORT), file_format=file_format, by=person)
        return FORMATS[file_format](rows, "Scores")

    def exported_call(self, request: HttpRequest, object_id: int, file_format: str) -> tuple[Call, User]:
        """Return the call and the person, who may take its scores out in this format."""
        if file_format not in FORMATS:
            raise Http404
        call, person = self.scored_call(request, object_id)
        if not person.has_perm("applications.export_application"):
            raise PermissionDenied
        return call, person

    def export_reliability(self, request: HttpRequest, object_id: int, file_format: str) -> HttpResponseBase:
        """Send the figures of the page of reliability."""
        call, person = self.exported_call(request, object_id, file_format)
        may_read = person.has_perm(MAY_READ_CONFLICTS)
        rows = export_reliability(call=call, may_read_conflicts=may_read, file_format=file_format, by=person)
        return FORMATS[file_format](rows, "Reliability")

    def reliability(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show how far those who score agree, what looks odd, and what does not count or is missing."""
        call, person = self.scored_call(request, object_id)
        scoring = read_scoring(call, person)
        found = reliability(scoring, may_read_conflicts=person.has_perm(MAY_READ_CONFLICTS))
        return self.page(
            request,
            "admin/applications/reliability.html",
            title="Reliability",
            call=call,
            panel=scoring.panel,
            places=scoring.places,
            found=found,
        )


def columns(sort: str) -> list[Column]:
    """Return the headings of the table of scores under the order in force."""
    name, turned = sort.removeprefix("-"), sort.startswith("-")
    if name not in SORTS:
        name, turned = FIRST_SORT, False
    found = []
    for column, heading in COLUMNS:
        in_force = column == name
        upwards = (column in UPWARDS) != turned
        aria_sort = ("ascending" if upwards else "descending") if in_force else ""
        found.append(Column(heading, f"-{column}" if in_force and not turned else column, aria_sort))
    return found


def chart(rows: Iterable[Row]) -> Chart | None:
    """Return where everything goes: by adjusted scores, or by raw means where there are none."""
    ordered = sort_rows(rows, "adjusted" if any(row.adjusted is not None for row in rows) else "raw")
    if not ordered:
        return None
    figures = [figure for row in ordered for figure in (row.raw, row.low, row.high) if figure is not None]
    least, most = STEP * floor(min(figures) / STEP), STEP * ceil(max(figures) / STEP)
    least, most = (least, most) if least < most else (max(0, least - STEP), min(OUT_OF, most + STEP))

    def along(figure: float) -> int:
        return round(LEFT + (figure - least) / (most - least) * (RIGHT - LEFT))

    def maybe(figure: float | None) -> int | None:
        return None if figure is None else along(figure)

    lines = [
        ChartLine(row, TOP + PITCH * place + PITCH // 2, along(row.raw or 0), maybe(row.adjusted), maybe(row.low), maybe(row.high))
        for place, row in enumerate(ordered)
    ]
    above = sum(row.sides[-1] for row in ordered)
    return Chart(
        lines=lines,
        ticks=[(tick, along(tick)) for tick in range(least, most + 1, STEP)],
        height=TOP + PITCH * len(ordered) + 4,
        cut=TOP + PITCH * above if above < len(ordered) else None,
    )

"""The forms in which a table leaves the office, and lists that leave as one."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from upstream.accounts.models import User
from upstream.documents.spreadsheets import Cell, csv_lines, xlsx
from upstream.office import ReadOnlyAdmin

TITLE = "Expressions of interest"


def as_csv(rows: Iterable[Iterable[Cell]], title: str = TITLE) -> StreamingHttpResponse:
    """Send a table as CSV, row by row."""
    headers = {"Content-Disposition": f'attachment; filename="{slugify(title)}.csv"'}
    return StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8", headers=headers)


def as_xlsx(rows: Iterable[Iterable[Cell]], title: str = TITLE) -> HttpResponse:
    """Send a table as an Excel workbook."""
    headers = {"Content-Disposition": f'attachment; filename="{slugify(title)}.xlsx"'}
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(xlsx(rows, title), content_type=content_type, headers=headers)


FORMATS: dict[str, Callable[..., HttpResponseBase]] = {"csv": as_csv, "xlsx": as_xlsx}


class ExportingAdmin(ReadOnlyAdmin):
    """A list that leaves as a table: what it shows under its filters, all pages of it."""

    export_title: ClassVar[str] = TITLE

    def table_of(self, shown: QuerySet[Any], file_format: str, by: User) -> Iterable[Iterable[Cell]]:
        """Record that the person takes out what the list shows, and return it as a table."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        """Give exporting its address."""
        return [self.address("export/<str:file_format>/", require_POST(self.export), "export"), *super().get_urls()]

    def export(self, request: HttpRequest, file_format: str) -> HttpResponseBase:
        """Send the table."""
        if file_format not in FORMATS:
            raise Http404
        person: User = request.user  # type: ignore[assignment]
        if not (self.has_view_permission(request) and person.has_perm("applications.export_application")):
            raise PermissionDenied
        try:
            shown = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect(f"admin:{self.url_name('changelist')}")
        return FORMATS[file_format](self.table_of(shown, file_format, person), self.export_title)

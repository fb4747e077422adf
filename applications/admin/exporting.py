"""The forms in which a table leaves the office."""

from collections.abc import Callable, Iterable

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.text import slugify

from upstream.documents.spreadsheets import Cell, csv_lines, xlsx

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

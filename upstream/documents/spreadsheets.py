"""Tables that leave as CSV or XLSX. Numbers and dates leave as such; text that a spreadsheet could take for a formula as text."""

import csv
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from io import BytesIO
from typing import Any

from upstream.deadlines import LONDON

# Moments are aware; they leave as UK time.
Cell = str | int | float | date | datetime | None
FORMULA_STARTS = frozenset("=+-@")
CONTROL_STARTS = ("\t", "\r", "\n")
# XML has no place for these: openpyxl refuses the first, and Excel calls a file with the last two damaged.
NOT_IN_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


def safe_cell(text: str) -> str:
    """Return text that a spreadsheet shows as it is, with an apostrophe before what could start a formula.

    Spaces and invisible characters do not hide a formula, nor do the wide and small forms of its signs: programs skip or fold them.
    """
    clean = text.translate(NOT_IN_XML)
    first = next((sign for sign in clean if not sign.isspace() and unicodedata.category(sign) not in {"Cc", "Cf"}), "")
    risky = clean.startswith(CONTROL_STARTS) or unicodedata.normalize("NFKC", first)[:1] in FORMULA_STARTS
    return f"'{clean}" if risky else clean


class Echo:
    """A file for csv.writer that hands each line back."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def plain_cell(value: Cell) -> str | int | float | date | datetime | None:
    """Return what goes into the cell: safe text, UK time without its zone, which spreadsheets do not know, or the value itself."""
    if isinstance(value, datetime):
        return value.astimezone(LONDON).replace(tzinfo=None, microsecond=0)
    return safe_cell(value) if isinstance(value, str) else value


def csv_lines(rows: Iterable[Iterable[Cell]]) -> Iterator[str]:
    """Yield the lines of a CSV file that Excel opens as UTF-8. Every cell is quoted, so no other separator splits one."""
    yield "\ufeff"
    write = csv.writer(Echo(), quoting=csv.QUOTE_ALL).writerow
    for row in rows:
        yield write([plain_cell(value) for value in row])


def xlsx(rows: Iterable[Iterable[Cell]], title: str) -> bytes:
    """Return a workbook of one sheet. Rows are written as they come, never all held."""
    # Here, because openpyxl imports numpy wherever that is installed.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    workbook = Workbook(write_only=True)
    sheet: Any = workbook.create_sheet(title)
    sheet.freeze_panes = "A2"

    def cell(value: Cell) -> Any:
        written = WriteOnlyCell(sheet, plain_cell(value))  # type: ignore[arg-type]  # its stubs leave out dates, which it takes
        if isinstance(value, str):
            written.data_type = "s"  # openpyxl would make errors of texts such as #N/A
        return written

    for row in rows:
        sheet.append([cell(value) for value in row])
    file = BytesIO()
    workbook.save(file)
    return file.getvalue()

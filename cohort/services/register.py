"""Loading the register of councils from a file: read it, compare it, write the differences."""

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction

from cohort.models import Council, PoliticalControl
from cohort.states import Control, CouncilKind
from upstream.accounts.models import User
from upstream.audit.services import record

OWN_FILE = Path(__file__).resolve().parent.parent / "data" / "councils.csv"
FACTS = ("gss_code", "name", "official_name", "kind", "nation", "region", "starts_on", "ends_on")
LONGEST_SOURCE = 200
COLUMNS = ("code", *FACTS, "successors", "control", "control_source")


class UnreadableFile(Exception):
    """The file as a whole cannot be used. The message says why, in words for the person who chose it."""


class Refusal(NamedTuple):
    """A line that is left out, and why."""

    line: int
    reason: str


class Difference(NamedTuple):
    """A council that the file changes: each fact's label, what it was and what it becomes."""

    council: Council
    facts: list[tuple[str, str, str]]


@dataclass
class Row:
    """A line of the file that makes sense by itself."""

    line: int
    council: Council
    successors: frozenset[str]
    controls: dict[date, str]
    source: str


@dataclass
class Differences:
    """What loading a file does, or would do."""

    added: list[Council] = field(default_factory=list)
    changed: list[Difference] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    unchanged: int = 0

    def fingerprint(self) -> str:
        """Return a hash that is the same for the same differences, to tell whether a preview still holds."""
        return hashlib.sha256(repr(([c.code for c in self.added], [(d.council.code, d.facts) for d in self.changed])).encode()).hexdigest()


def preview_register(*, data: bytes) -> Differences:
    """Say what loading the file would do. Raises UnreadableFile."""
    return _compare(*_read(data))[0]


@transaction.atomic
def load_register(*, data: bytes, by: User | None) -> Differences:
    """Load the file: add and change councils, leave out the lines that are refused, delete nothing. Raises UnreadableFile."""
    rows, refused = _read(data)
    list(Council.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    differences, rows = _compare(rows, refused)
    touched = {council.code for council in differences.added} | {change.council.code for change in differences.changed}
    if touched:
        _write([row for row in rows if row.council.code in touched])
        record(
            actor=by,
            verb="register.loaded",
            subject=ContentType.objects.get_for_model(Council),
            added=[council.code for council in differences.added],
            changed={change.council.code: [label for label, _, _ in change.facts] for change in differences.changed},
            sha256=hashlib.sha256(data).hexdigest(),
        )
    return differences


def _read(data: bytes) -> tuple[list[Row], list[Refusal]]:
    """Return the file's sound lines and the refused ones. Raises UnreadableFile."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if not text or "\0" in text:
        message = "The file is empty or not in UTF-8. Save it as “CSV UTF-8” and try again."
        raise UnreadableFile(message)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
    if missing:
        message = f"The file has no column called {', '.join(missing)}."
        raise UnreadableFile(message)
    rows: dict[str, Row] = {}
    refused: list[Refusal] = []
    try:
        for cells in reader:
            try:
                row = _row(reader.line_num, cells)
            except ValueError as error:
                refused.append(Refusal(reader.line_num, str(error)))
                continue
            first = rows.setdefault(row.council.code, row)
            if first is not row:
                refused.append(Refusal(row.line, f"the code {row.council.code} is already on line {first.line}"))
    except csv.Error:
        message = f"The file cannot be read as CSV after line {reader.line_num}. Look for a quotation mark that is not closed."
        raise UnreadableFile(message) from None
    return list(rows.values()), refused


def _row(line: int, cells: dict[str, str]) -> Row:
    """Make sense of one line. Raises ValueError with a message that says what is wrong with it."""
    if None in cells or None in cells.values():
        message = "it does not have as many cells as the first line"
        raise ValueError(message)
    cells = {column: value.strip() for column, value in cells.items()}
    council = Council(code=cells["code"], **{name: cells[name] for name in FACTS if name not in {"starts_on", "ends_on"}})
    council.starts_on, council.ends_on = _day("starts_on", cells["starts_on"]), _day("ends_on", cells["ends_on"])
    try:
        council.clean_fields()
    except ValidationError as error:
        raise ValueError(_in_words(error, cells)) from None
    if council.starts_on and council.ends_on and council.ends_on < council.starts_on:
        message = "it ends before it starts"
        raise ValueError(message)
    if len(cells["control_source"]) > LONGEST_SOURCE:
        message = "control_source is too long"
        raise ValueError(message)
    return Row(line, council, frozenset(cells["successors"].split()), _controls(council, cells["control"]), cells["control_source"])


def _in_words(error: ValidationError, cells: dict[str, str]) -> str:
    """Turn Django's complaints about a council into one phrase that names the column and its value."""
    return "; ".join(
        f"“{cells[column]}” is not a known {column}" if cells[column] else f"{column} is empty" for column in error.message_dict
    )


def _day(column: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        message = f"{column} must be a real date such as 2019-04-01, not “{text}”"
        raise ValueError(message) from None


def _controls(council: Council, text: str) -> dict[date, str]:
    """Read "2019-07-15 labour; 2021-05-07 no-overall-control"."""
    if text and council.kind == CouncilKind.COMBINED_AUTHORITY:
        message = "a combined authority has no political control to record"
        raise ValueError(message)
    controls: dict[date, str] = {}
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        since, _, control = entry.partition(" ")
        if control not in Control.values or not (day := _day("control", since)):
            message = f"“{entry}” is not a date and a known control"
            raise ValueError(message)
        controls[day] = control
    return controls


def _compare(rows: list[Row], refused: list[Refusal]) -> tuple[Differences, list[Row]]:
    """Return the differences between the register and the rows, and the rows that can be written."""
    known = {council.code: council for council in Council.objects.prefetch_related("successors", "controls")}
    rows, orphans = _without_unknown_successors(rows, set(known))
    differences = Differences(refused=sorted([*refused, *orphans]))
    for row in rows:
        council = known.get(row.council.code)
        if council is None:
            differences.added.append(row.council)
        elif facts := list(_changed_facts(council, row)):
            differences.changed.append(Difference(council, facts))
        else:
            differences.unchanged += 1
    return differences, rows


def _without_unknown_successors(rows: list[Row], known: set[str]) -> tuple[list[Row], list[Refusal]]:
    """Refuse the lines with a successor that is nowhere, then those that lose theirs by it, until all hold."""
    refused: list[Refusal] = []
    while True:
        codes = known | {row.council.code for row in rows}
        orphans = [row for row in rows if not row.successors <= codes]
        if not orphans:
            return rows, refused
        rows = [row for row in rows if row.successors <= codes]
        refused += [
            Refusal(row.line, f"no council has the successor's code {' or '.join(sorted(row.successors - codes))}") for row in orphans
        ]


def _changed_facts(council: Council, row: Row) -> Iterable[tuple[str, str, str]]:
    for name in FACTS:
        before, after = getattr(council, name), getattr(row.council, name)
        if before != after:
            yield name, str(before or ""), str(after or "")
    before_codes = {successor.code for successor in council.successors.all()}
    if before_codes != row.successors:
        yield "successors", " ".join(sorted(before_codes)), " ".join(sorted(row.successors))
    recorded = {control.since: control.control for control in council.controls.all()}
    for since, control in row.controls.items():
        if recorded.get(since) != control:
            yield f"control from {since}", recorded.get(since, ""), control


def _write(rows: list[Row]) -> None:
    """Write the rows in four statements, however many they are."""
    Council.objects.bulk_create([row.council for row in rows], update_conflicts=True, unique_fields=["code"], update_fields=FACTS)
    keys = dict(Council.objects.values_list("code", "pk"))
    links = Council.successors.through
    links.objects.filter(from_council__code__in=[row.council.code for row in rows]).delete()
    links.objects.bulk_create(
        links(from_council_id=keys[row.council.code], to_council_id=keys[code]) for row in rows for code in sorted(row.successors)
    )
    PoliticalControl.objects.bulk_create(
        [
            PoliticalControl(council_id=keys[row.council.code], since=since, control=control, source=row.source)
            for row in rows
            for since, control in row.controls.items()
        ],
        update_conflicts=True,
        unique_fields=["council", "since"],
        update_fields=["control", "source"],
    )

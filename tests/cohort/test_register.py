"""The register of councils: what the project's own table holds, and how a file is loaded."""

import csv
import io
from collections import Counter
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from cohort.models import Council, PoliticalControl
from cohort.names import normalise
from cohort.services.register import COLUMNS, OWN_FILE, UnreadableFile, load_register, preview_register
from cohort.states import CouncilKind
from upstream.audit.models import Entry

CLOSING_DAY = date(2019, 7, 15)
LINE = {
    "code": "BST",
    "gss_code": "E06000099",
    "name": "Barset",
    "official_name": "Barset Council",
    "kind": "unitary",
    "nation": "england",
    "region": "south-west",
    "starts_on": "2009-04-01",
    "ends_on": "",
    "successors": "",
    "control": "2019-07-15 labour",
    "control_source": "Open Council Data",
}


def csv_of(*lines: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**LINE, **line} for line in lines)
    return text.getvalue().encode()


@pytest.fixture
def own_register(db: None) -> None:
    load_register(data=OWN_FILE.read_bytes(), by=None)


@pytest.fixture
def principal_in_2019(own_register: None) -> list[Council]:
    existing = Council.objects.existing_on(CLOSING_DAY).with_control(CLOSING_DAY)
    return list(existing.exclude(kind=CouncilKind.COMBINED_AUTHORITY))


def test_own_table_has_the_408_principal_councils_of_july_2019_by_kind(principal_in_2019):
    assert Counter(council.kind for council in principal_in_2019) == {
        "district": 192,
        "unitary": 56,
        "metropolitan": 36,
        "london-borough": 33,
        "county": 26,
        "scottish": 32,
        "welsh": 22,
        "northern-irish": 11,
    }


def test_own_table_has_the_right_councils_by_region(principal_in_2019):
    assert Counter(council.region for council in principal_in_2019) == {
        "south-east": 74,
        "east-of-england": 50,
        "east-midlands": 45,
        "north-west": 41,
        "south-west": 33,
        "london": 33,
        "west-midlands": 33,
        "scotland": 32,
        "yorkshire-and-the-humber": 22,
        "wales": 22,
        "north-east": 12,
        "northern-ireland": 11,
    }


def test_own_table_has_the_right_control_and_northern_ireland_is_not_recorded(principal_in_2019):
    assert Counter(council.control for council in principal_in_2019) == {
        "conservative": 142,
        "no-overall-control": 117,
        "labour": 97,
        "liberal-democrat": 22,
        "independent": 17,
        "snp": 1,
        "plaid-cymru": 1,
        "not-recorded": 11,
    }
    assert {council.nation for council in principal_in_2019 if council.control == "not-recorded"} == {"northern-ireland"}


def test_ten_combined_authorities_existed_in_july_2019_and_no_control_applies_to_them(own_register):
    existing = Council.objects.existing_on(CLOSING_DAY).with_control(CLOSING_DAY).filter(kind=CouncilKind.COMBINED_AUTHORITY)
    assert sorted(council.code for council in existing) == ["CPCA", "GMCA", "LCR", "NECA", "NTCA", "SCR", "TVCA", "WECA", "WMCA", "WYCA"]
    assert {council.control for council in existing} == {"not-applicable"}


@pytest.mark.parametrize(
    ("code", "region"), [("DBY", "east-midlands"), ("LIN", "east-midlands"), ("BKM", "south-east"), ("KET", "east-midlands")]
)
def test_regions_that_the_source_has_wrong_are_right(own_register, code, region):
    assert Council.objects.get(code=code).region == region


@pytest.mark.parametrize(
    ("code", "last_day", "successors"),
    [
        ("BKM", date(2020, 3, 31), {"BUC"}),
        ("WYO", date(2020, 3, 31), {"BUC"}),
        ("NTH", date(2021, 3, 31), {"NNT", "WNT"}),
        ("CMA", date(2023, 3, 31), {"CBD", "WAF"}),
        ("SWT", date(2023, 3, 31), {"SMT"}),
        ("NIR-A", date(2015, 3, 31), {"DRS"}),
    ],
)
def test_a_council_that_ended_has_its_last_day_and_its_successors(own_register, code, last_day, successors):
    council = Council.objects.get(code=code)
    assert council.ends_on == last_day
    assert {successor.code for successor in council.successors.existing_on(date.fromordinal(last_day.toordinal() + 1))} == successors


def test_no_two_councils_of_the_own_table_bear_one_name_at_one_time(own_register):
    bearers: dict[str, list[Council]] = {}
    for council in Council.objects.all():
        for name in {normalise(council.name), normalise(council.official_name)}:
            bearers.setdefault(name, []).append(council)
    pairs = [pair for councils in bearers.values() for pair in combinations(councils, 2)]
    assert pairs, "some names passed from one council to the next"
    for one, other in pairs:
        first, second = sorted((one, other), key=lambda council: council.starts_on or date.min)
        assert first.ends_on is not None
        assert second.starts_on is not None
        assert first.ends_on < second.starts_on


def test_loading_twice_changes_nothing_and_leaves_one_entry_in_the_trail(own_register):
    again = load_register(data=OWN_FILE.read_bytes(), by=None)
    assert (again.added, again.changed, again.refused) == ([], [], [])
    assert again.unchanged == Council.objects.count()
    assert Entry.objects.filter(verb="register.loaded").count() == 1


@pytest.mark.django_db
def test_a_changed_line_changes_only_that_council_and_says_what_changed():
    load_register(data=csv_of({}, {"code": "NEW", "name": "New Barset"}), by=None)
    newer = csv_of({"ends_on": "2023-03-31", "successors": "NEW", "control": "2019-07-15 labour; 2021-05-07 no-overall-control"})
    differences = load_register(data=newer, by=None)
    assert [(change.council.code, change.facts) for change in differences.changed] == [
        (
            "BST",
            [
                ("ends_on", "", "2023-03-31"),
                ("successors", "", "NEW"),
                ("control from 2021-05-07", "", "no-overall-control"),
            ],
        )
    ]
    council = Council.objects.with_control(date(2022, 1, 1)).get(code="BST")
    assert (council.ends_on, council.control) == (date(2023, 3, 31), "no-overall-control")
    assert council.successors.get().code == "NEW"
    assert Council.objects.filter(code="NEW").exists()


@pytest.mark.django_db
def test_control_is_read_as_it_stood_on_the_day():
    load_register(data=csv_of({"control": "2015-05-08 conservative; 2019-05-03 labour"}), by=None)
    on = Council.objects.with_control
    assert on(date(2019, 5, 2)).get().control == "conservative"
    assert on(date(2019, 5, 3)).get().control == "labour"
    assert on(date(2015, 5, 7)).get().control == "not-recorded"


@pytest.mark.django_db
def test_a_preview_writes_nothing_and_its_fingerprint_is_that_of_the_load():
    preview = preview_register(data=csv_of({}))
    assert not Council.objects.exists()
    loaded = load_register(data=csv_of({}), by=None)
    assert preview.fingerprint() == loaded.fingerprint()
    assert preview.fingerprint() != preview_register(data=csv_of({})).fingerprint()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"kind": "parish"}, "“parish” is not a known kind"),
        ({"region": "wessex"}, "“wessex” is not a known region"),
        ({"name": ""}, "name is empty"),
        ({"starts_on": "01/04/2009"}, "starts_on must be a real date such as 2019-04-01, not “01/04/2009”"),
        ({"ends_on": "2019-02-30"}, "ends_on must be a real date such as 2019-04-01, not “2019-02-30”"),
        ({"ends_on": "2008-01-01"}, "it ends before it starts"),
        ({"code": "OLD"}, "the code OLD is already on line 2"),
        ({"successors": "XXX"}, "no council has the successor's code XXX"),
        ({"control": "2019-07-15 whig"}, "“2019-07-15 whig” is not a date and a known control"),
        ({"control": "labour"}, "“labour” is not a date and a known control"),
        ({"kind": "combined-authority"}, "a combined authority has no political control to record"),
    ],
)
def test_a_bad_line_is_refused_with_its_number_and_the_rest_is_loaded(line, reason):
    differences = load_register(data=csv_of({"code": "OLD"}, line), by=None)
    assert differences.refused == [(3, reason)]
    assert [council.code for council in Council.objects.all()] == ["OLD"]


@pytest.mark.django_db
def test_a_line_whose_successor_is_refused_is_refused_too():
    differences = load_register(data=csv_of({"code": "OLD", "successors": "MID"}, {"code": "MID", "successors": "XXX"}, {}), by=None)
    assert [refusal.line for refusal in differences.refused] == [2, 3]
    assert [council.code for council in Council.objects.all()] == ["BST"]


@pytest.mark.django_db
def test_a_line_with_too_few_cells_is_refused():
    data = csv_of({}) + b"XYZ,only,three\n"
    assert load_register(data=data, by=None).refused == [(3, "it does not have as many cells as the first line")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (csv_of({"name": "Sir Gâr"}).decode().encode("latin-1"), "not in UTF-8"),
        (csv_of({}).decode().encode("utf-16"), "not in UTF-8"),
        (b"", "empty"),
        (csv_of({}, columns=COLUMNS[:-2]), "no column called control, control_source"),
        (csv_of({}) + b'X,"open', "cannot be read as CSV after line"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(data, message):
    with pytest.raises(UnreadableFile, match=message):
        load_register(data=data, by=None)
    assert not Council.objects.exists()


@pytest.mark.django_db
def test_a_file_saved_by_a_spreadsheet_with_a_byte_order_mark_is_read():
    assert len(load_register(data=b"\xef\xbb\xbf" + csv_of({}), by=None).added) == 1


@pytest.mark.django_db
def test_the_command_says_what_it_added_changed_and_refused(tmp_path: Path, capsys):
    file = tmp_path / "councils.csv"
    file.write_bytes(csv_of({}))
    call_command("load_councils", file)
    file.write_bytes(csv_of({"name": "Barsetshire"}, {"code": "BAD", "kind": "parish"}))
    with pytest.raises(CommandError, match="1 line was refused"):
        call_command("load_councils", file)
    said = capsys.readouterr()
    assert "Added BST Barset Council" in said.out
    assert "Changed BST Barset Council: name from “Barset” to “Barsetshire”" in said.out
    assert "Councils: 0 added, 1 changed, 0 unchanged, 1 refused." in said.out
    assert said.err == "Refused line 3: “parish” is not a known kind.\n"
    assert PoliticalControl.objects.count() == 1


@pytest.mark.django_db
def test_the_command_names_a_file_that_is_not_there():
    with pytest.raises(CommandError, match=r"nowhere\.csv"):
        call_command("load_councils", "nowhere.csv")

"""Taking expressions of interest out of the office as a table."""

import csv
from datetime import UTC, date, datetime
from io import BytesIO, StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from applications.models import Answer
from applications.states import ApplicationStatus, QuestionKind
from cohort.models import PoliticalControl
from cohort.states import Control, CouncilKind, Nation, Region
from tests.factories import (
    ApplicationFactory,
    CallFactory,
    ContactFactory,
    CouncilFactory,
    QuestionFactory,
    SectionFactory,
    StaffFactory,
    UserFactory,
)
from upstream.audit.models import Entry
from upstream.documents.models import StoredFile

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
LIST = "/admin/applications/application/"
QUERIES = 20
HOSTILE = ["=1+1", "@SUM(A1)", "  =1", "\uff1d1", "-2+3", 'x";=1', "two\nlines", "bell\x07"]


@pytest.fixture
def staff():
    return StaffFactory()


@pytest.fixture
def section():
    return SectionFactory()


def answer(application, question, value):
    return Answer.objects.create(application=application, question=question, value=value)


def table_of(response):
    assert response.status_code == 200
    if response.streaming:
        text = b"".join(response.streaming_content).decode("utf-8-sig")
        return list(csv.reader(StringIO(text, newline="")))
    sheet = load_workbook(BytesIO(response.content)).active
    return [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]


def export(client, file_format, query=""):
    return client.post(f"{LIST}export/{file_format}/{query}")


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_a_row_holds_the_council_and_its_answers(office, section, file_format):
    call = section.call
    kinds = [QuestionKind.LONG_TEXT, QuestionKind.SOME_OF, QuestionKind.DATE, QuestionKind.YES_NO, QuestionKind.SHORT_TEXT]
    questions = [QuestionFactory(section=section, kind=kind, word_limit=9, position=i) for i, kind in enumerate(kinds)]
    council = CouncilFactory(code="CDF", official_name="Cardiff Council", kind=CouncilKind.WELSH, region=Region.WALES, nation=Nation.WALES)
    PoliticalControl.objects.create(council=council, since=date(2022, 5, 5), control=Control.LABOUR)
    application = ApplicationFactory(
        call=call,
        council=council,
        reference="UC19-001",
        status=ApplicationStatus.SUBMITTED,
        submitted_at=datetime(2019, 7, 15, 10, 59, 59, tzinfo=UTC),
        submitted_by=UserFactory(full_name="Ana Rees", email="ana@example.org"),
        content_hash="a" * 64,
    )
    for question, value in zip(questions, ["Words", ["Places", "Power"], "2019-06-01", "yes"], strict=False):
        answer(application, question, value)
    headings, row = table_of(export(office, file_format))
    assert headings[11:] == [question.text for question in questions]
    submitted, day = datetime(2019, 7, 15, 11, 59, 59), datetime(2019, 6, 1)  # noqa: DTZ001  (spreadsheets know no zones)
    dates = [submitted, day] if file_format == "xlsx" else [str(submitted), str(day.date())]
    assert row == [
        "UC19-001", "Cardiff Council", "CDF", "Welsh council", "Wales", "Wales", "Labour", "Submitted", dates[0],
        "Ana Rees, ana@example.org", "", "Words", "Places; Power", dates[1], "Yes", "",
    ]  # fmt: skip


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_what_councils_write_never_becomes_a_formula(office, section, file_format):
    question = QuestionFactory(section=section, text="=Question")
    for text in HOSTILE:
        answer(ApplicationFactory(call=section.call), question, text)
    headings, *rows = table_of(export(office, file_format))
    assert headings[-1] == "'=Question"
    assert [row[-1] for row in rows] == ["'=1+1", "'@SUM(A1)", "'  =1", "'\uff1d1", "'-2+3", 'x";=1', "two\nlines", "bell"]


def test_a_file_is_named(office, section, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    question = QuestionFactory(section=section, kind=QuestionKind.FILE)
    given = answer(ApplicationFactory(call=section.call), question, "")
    file = StoredFile.objects.create(
        owner=given, kind="answer", name="plan.pdf", content=SimpleUploadedFile("plan.pdf", b"x"), size=1, sha256="0" * 64
    )
    given.value = str(file.pk)
    given.save()
    assert table_of(export(office, "csv"))[1][-1] == "plan.pdf"


def test_the_filters_and_the_search_of_the_list_hold(office):
    call = CallFactory()
    wanted = ApplicationFactory(call=call, council=CouncilFactory(region=Region.WALES), initiative_title="Warm doorsteps")
    ApplicationFactory(call=call, council=CouncilFactory(region=Region.WALES))
    ApplicationFactory(call=call, initiative_title="Warm doorsteps")
    rows = table_of(export(office, "csv", "?region=wales&q=doorsteps"))
    assert [row[0] for row in rows[1:]] == [wanted.reference]


def test_the_buttons_carry_the_filters_of_the_list(office):
    ApplicationFactory(council=CouncilFactory(region=Region.WALES))
    page = office.get(f"{LIST}?region=wales").content.decode()
    assert f'action="{LIST}export/csv/?region=wales"' in page
    assert f'action="{LIST}export/xlsx/?region=wales"' in page


def test_questions_of_several_calls_say_whose_they_are(office):
    questions = [QuestionFactory(text="Why?"), QuestionFactory(text="Why?")]
    for question in questions:
        answer(ApplicationFactory(call=question.section.call), question, question.section.call.title)
    headings, *rows = table_of(export(office, "csv"))
    titles = [question.section.call.title for question in questions]
    assert headings[11:] == [f"{title}: Why?" for title in titles]
    assert [row[11:] for row in rows] == [[titles[0], ""], ["", titles[1]]]


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_an_export_is_in_the_audit_trail_with_what_was_taken(office, staff, file_format):
    taken = ApplicationFactory(council=CouncilFactory(region=Region.WALES))
    ApplicationFactory()
    export(office, file_format, "?region=wales")
    entry = Entry.objects.get(verb="applications.exported")
    assert entry.actor_id == staff.pk
    assert entry.data == {"format": file_format, "applications": [taken.pk]}


def test_following_a_link_exports_nothing(office):
    assert office.get(f"{LIST}export/csv/").status_code == 405
    assert not Entry.objects.filter(verb="applications.exported").exists()


def test_a_format_that_does_not_exist_is_not_found(office):
    assert export(office, "pdf").status_code == 404


def test_a_filter_that_does_not_exist_is_refused(office):
    assert export(office, "csv", "?council__region__nonsense=1").status_code == 400
    assert not Entry.objects.filter(verb="applications.exported").exists()


def test_reading_alone_does_not_allow_taking_out(client):
    reader = UserFactory(is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_application"))
    client.force_login(reader)
    assert export(client, "csv").status_code == 403
    assert "Export to" not in client.get(LIST).content.decode()


def test_exporting_alone_does_not_allow_reading(client):
    exporter = UserFactory(is_staff=True)
    exporter.user_permissions.add(Permission.objects.get(codename="export_application"))
    client.force_login(exporter)
    assert export(client, "csv").status_code == 403


def test_finance_and_council_officers_take_nothing_out(client):
    finance = UserFactory(is_staff=True)
    finance.groups.add(Group.objects.get(name="Finance"))
    for person, status in [(finance, 403), (ContactFactory().user, 302)]:
        client.force_login(person)
        assert export(client, "csv").status_code == status
    assert not Entry.objects.exists()


@pytest.mark.parametrize("number", [5, 50])
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_an_export_asks_the_same_number_of_questions_whatever_its_length(office, section, file_format, number, django_assert_num_queries):
    questions = QuestionFactory.create_batch(3, section=section)
    for _ in range(number):
        application = ApplicationFactory(call=section.call)
        for question in questions:
            answer(application, question, "Words")
    office.get(LIST)
    table_of(export(office, file_format))  # read to its end, as its last row may be the first to ask what kinds of record there are
    with django_assert_num_queries(QUERIES):
        assert len(table_of(export(office, file_format))) == number + 1

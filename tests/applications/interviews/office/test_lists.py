"""The lists of interviews and of times: who reaches them, their filters, and the export."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.contrib.auth.models import Group
from openpyxl import load_workbook

from applications.models import Interview, InterviewSheet
from applications.services.interview_sheets import Line, save_sheet, submit_sheet
from applications.states import InterviewStatus
from tests.applications.interviews.conftest import NOW
from tests.applications.interviews.office.conftest import LIST, SLOTS, desk, queries, shortlisted, words
from tests.factories import StaffFactory, UserFactory
from tests.factories.judging import ConflictFactory, InterviewFactory, InterviewSlotFactory
from upstream.audit.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


def test_a_conflicted_person_finds_no_desk_no_act_no_row_and_no_export(office, interview, guide, alex):
    InterviewSheet.objects.filter(interview=interview).update(submitted_at=NOW, summary="Secret")
    assert "Secret" in "".join(part.decode() for part in office.post(f"{LIST}export/csv/"))
    ConflictFactory(application=interview.application, user=alex)
    for part in ("change", "autosave", "missed", "held", "move", "cancel", "swap-first", "swap-second", "history", "delete"):
        for method in (office.get, office.post):
            response = method(desk(interview, part), follow=True)
            refused = response.status_code in {404, 405} or (part == "delete" and response.status_code == 403)
            assert refused or response.redirect_chain[-1][0] == "/admin/", part
            assert "Barset" not in words(response)
    assert office.get(desk(interview)).status_code == 404
    assert "Barset" not in words(office.get(LIST))
    assert "Barset" not in words(office.get(SLOTS))
    assert "Barset" not in words(office.get(f"{SLOTS}{interview.slot_id}/change/"))
    assert "Secret" not in "".join(part.decode() for part in office.post(f"{LIST}export/csv/"))


def test_finance_and_officers_reach_nothing(client, interview, application):
    finance = UserFactory(is_staff=True)
    finance.groups.add(Group.objects.get(name="Finance"))
    for person in (finance, application.council.contacts.get().user):
        client.force_login(person)
        for url in (LIST, SLOTS, f"{LIST}unbooked/", f"{SLOTS}series/", f"{SLOTS}offer/", desk(interview)):
            assert client.get(url).status_code in {302, 403, 404}, url
            assert client.post(url).status_code in {302, 403, 404, 405}, url


def test_the_lists_filter_and_every_filter_counts_what_it_shows(office, interview, alex):
    InterviewFactory(status=InterviewStatus.CANCELLED, slot__starts_at=NOW - timedelta(days=2))
    InterviewSlotFactory(interviewer=alex, starts_at=NOW + timedelta(days=9))
    for url, filters in (
        (LIST, {"status": "booked", "day": "2026-10-26", "interviewer": alex.pk, "call": interview.application.call_id}),
        (SLOTS, {"standing": "taken", "day": "2026-10-26"}),
    ):
        for name, value in filters.items():
            response = office.get(url, {name: value})
            shown = list(response.context["cl"].result_list)
            assert shown == [interview if url == LIST else interview.slot], name
            chosen = next(spec for spec in response.context["cl"].filter_specs if spec.parameter_name == name)
            counts = [choice["display"] for choice in chosen.choices(response.context["cl"]) if choice["selected"]]
            assert counts[0].endswith("(1)"), counts
    assert len(office.get(SLOTS, {"interviewer": alex.pk}).context["cl"].result_list) == 2
    for url in (LIST, SLOTS):
        assert not office.get(url, {"day": "nonsense"}).context["cl"].result_list
        assert not office.get(url, {"interviewer": "nonsense"}).context["cl"].result_list


def test_the_lists_start_with_what_is_to_come_soonest_first_then_the_latest(office, call):
    days = {"held": -3, "missed": -1, "soon": 2, "later": 5, "cancelled": 3, "now": 0}
    statuses = {"held": InterviewStatus.HELD, "missed": InterviewStatus.NO_SHOW, "cancelled": InterviewStatus.CANCELLED}
    made = {
        InterviewFactory(
            application__call=call, slot__starts_at=NOW + timedelta(days=days[name], minutes=-20), status=statuses.get(name, "booked")
        ): name
        for name in days
    }
    assert [made[each] for each in office.get(LIST).context["cl"].result_list] == ["now", "soon", "later", "cancelled", "missed", "held"]
    slots = {interview.slot: name for interview, name in made.items()}
    shown = [slots[each] for each in office.get(SLOTS).context["cl"].result_list]
    assert shown == ["soon", "cancelled", "later", "now", "missed", "held"]


def test_the_list_says_in_words_how_far_the_sheets_are_and_shows_minutes_and_a_mean(
    office, client, interview, guide, alex, sam, move_clock
):
    assert "is in" not in words(office.get(LIST))
    move_clock(interview.slot.starts_at)
    office.force_login(alex)
    assert "Neither is in" in words(office.get(LIST))
    assert "Sheet not started" in words(office.get(desk(interview)))
    for person, score in ((sam, 2), (alex, 5)):
        lines = {question.pk: Line(score, "") for question in guide}
        save_sheet(interview_id=interview.pk, revision=0, lines=lines, summary="", by=person)
    submit_sheet(interview_id=interview.pk, by=sam)
    page = words(office.get(desk(interview)))
    assert "Sheet submitted" in page
    assert "Sheet not finished" in page
    assert "1 of 2 is in" in words(office.get(LIST))
    ended = interview.slot.starts_at + timedelta(minutes=42)
    Interview.objects.update(started_at=interview.slot.starts_at, ended_at=ended, status=InterviewStatus.HELD)
    assert "Mean score" not in words(office.get(desk(interview)))  # it would give the other's scores away
    assert office.get(LIST).context["cl"].result_list[0].mean is None
    submit_sheet(interview_id=interview.pk, by=alex)
    for person in (alex, StaffFactory()):
        client.force_login(person)
        page = words(client.get(desk(interview)))
        assert "It took 42 minutes." in page
        assert "Mean score: <strong>3.5</strong> of 5" in page
        page = words(client.get(LIST))
        assert '<td class="field-minutes">42</td><td class="field-mean">3.5</td>' in page
        assert "Both are in" in page


def test_an_empty_list_says_what_will_appear_or_that_nothing_matches(office, call):
    assert "Interviews appear here once councils have booked them." in words(office.get(LIST))
    assert "Times that you offer to shortlisted councils appear here." in words(office.get(SLOTS))
    for url in (LIST, SLOTS):
        page = words(office.get(url, {"call": call.pk}))
        assert "Nothing matches." in page
        assert "appear here" not in page


def test_sheets_to_submit_are_those_whose_time_has_come(office, interview, alex, sam, move_clock):
    assert not office.get(LIST, {"sheets": "mine"}).context["cl"].result_list
    move_clock(interview.slot.starts_at)
    office.force_login(alex)
    for whose in ("mine", "any"):
        assert list(office.get(LIST, {"sheets": whose}).context["cl"].result_list) == [interview]
    InterviewSheet.objects.filter(interviewer=alex).update(submitted_at=NOW)
    assert not office.get(LIST, {"sheets": "mine"}).context["cl"].result_list
    assert list(office.get(LIST, {"sheets": "any"}).context["cl"].result_list) == [interview]


def test_the_export_has_scores_and_notes_of_the_sheets_that_one_may_read(office, interview, guide, alex, sam, move_clock):
    move_clock(interview.slot.starts_at + timedelta(minutes=50))
    office.force_login(alex)
    for person in (alex, sam):
        lines = {question.pk: Line(3, f"=SUM({person.full_name})") for question in guide}
        save_sheet(interview_id=interview.pk, revision=0, lines=lines, summary="", by=person)
    submit_sheet(interview_id=interview.pk, by=sam)
    assert len(rows(office.post(f"{LIST}export/csv/"))) == 1  # Alex's own is still open, so Sam's is not for Alex
    submit_sheet(interview_id=interview.pk, by=alex)
    headings, *sheets = rows(office.post(f"{LIST}export/csv/"))
    assert headings[:2] == ["Reference", "Council"]
    assert headings[-5:] == ["Score: Question 1?", "Note: Question 1?", "Score: Question 2?", "Note: Question 2?", "Summary"]
    assert {row[5] for row in sheets} == {"Alex Reed", "Sam Okafor"}
    assert sheets[0][-5:-3] == ["3", "'=SUM(Alex Reed)"]
    assert rows(office.post(f"{LIST}export/csv/?status=cancelled")) == [[*headings[:7], "Summary"]]
    workbook = load_workbook(BytesIO(office.post(f"{LIST}export/xlsx/").content))
    assert [[str(cell.value or "") for cell in row] for row in workbook.active.rows] == [headings, *sheets]
    assert Entry.objects.filter(verb="interviews.exported").count() == 4


def rows(response):
    text = "".join(part.decode() for part in response)
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize("url", [LIST, SLOTS, f"{LIST}unbooked/"])
def test_lists_ask_as_often_for_fifty_rows_as_for_five(office, call, alex, sam, url):
    counts = []
    for start, more in ((0, 5), (5, 45)):
        for number in range(start, start + more):
            slot = InterviewSlotFactory(call=call, interviewer=alex, second_interviewer=sam, starts_at=NOW + timedelta(days=number))
            application = shortlisted(call)
            shortlisted(call, no_interview_reason="Nobody answered")
            if url != f"{LIST}unbooked/":
                interview = InterviewFactory(application=application, slot=slot)
                for person in (alex, sam):
                    InterviewSheet.objects.create(interview=interview, interviewer=person)
        counts.append(queries(office, url))
    print(f"\n{url}: {counts} queries")
    assert counts[0] == counts[1] < 20

"""Offering times, and writing the guide, before councils book."""

from datetime import UTC, datetime

import pytest

from applications.models import InterviewSlot
from applications.services.interview_sheets import Line, save_sheet
from tests.applications.interviews.office.conftest import SLOTS, words
from tests.factories.judging import InterviewSlotFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
SLIPS = [
    ({"first_day": ""}, "Enter the first day"),
    ({"first_day": "2026-02-30"}, "Enter a real date"),
    ({"first_day": "0001-01-01"}, "The first day must be from today to"),
    ({"first_day": "9999-12-31", "last_day": "9999-12-31"}, "The first day must be from today to"),
    ({"last_day": "9999-12-31"}, "A series can be eight weeks long at most"),
    ({"opens": "25:00"}, "Enter a time, for example 09:30"),
    ({"closes": "09:00"}, "at least 45 minutes after the first interview starts"),
    ({"minutes": "0"}, "Enter whole minutes, from 10 to 180"),
    ({"minutes": "1e9"}, "Enter whole minutes, from 10 to 180"),
    ({"gap": "-1"}, "Enter whole minutes, from 0 to 180"),
    ({"call": "999999"}, "Select the call"),
    ({"interviewer": "x"}, "Select the first interviewer"),
]


def test_a_series_is_shown_before_it_is_made(office, call, alex, sam):
    data = {
        "call": call.pk,
        "interviewer": alex.pk,
        "second_interviewer": sam.pk,
        "first_day": "2026-10-23",
        "last_day": "2026-10-26",
        "opens": "09:30",
        "lunch": "12:30",
        "closes": "16:30",
        "minutes": "45",
        "gap": "15",
    }
    InterviewSlotFactory(interviewer=sam, starts_at=datetime(2026, 10, 26, 14, 30, tzinfo=UTC))
    page = words(office.post(f"{SLOTS}series/", data | {"action": "preview"}))
    assert "11 times of 45 minutes, from Alex Reed and Sam Okafor" in page
    assert "9:30am, 10:30am, 11:30am, 1:30pm, 2:30pm, 3:30pm" in page
    assert "Sam Okafor has another slot at 2:30pm on Monday 26 October 2026" in page
    assert InterviewSlot.objects.count() == 1
    page = words(office.post(f"{SLOTS}series/", data | {"action": "make"}, follow=True))
    assert "11 times offered. 1 time skipped." in page
    assert InterviewSlot.objects.count() == 12
    page = words(office.post(f"{SLOTS}series/", data | {"action": "make"}))
    assert "There is no free time in this series." in page
    assert "Select somebody else" in words(office.post(f"{SLOTS}series/", data | {"second_interviewer": alex.pk}))
    for wrong, said in SLIPS:
        page = words(office.post(f"{SLOTS}series/", data | {"action": "preview"} | wrong))
        assert said in page, wrong
        assert "Nothing is offered yet" not in page


def test_one_time_is_offered_and_withdrawn(office, call, alex, sam):
    data = {
        "call": call.pk,
        "interviewer": alex.pk,
        "second_interviewer": sam.pk,
        "starts_at_0": "2026-10-26",
        "starts_at_1": "09:30",
        "minutes": "45",
    }
    page = words(office.post(f"{SLOTS}offer/", data, follow=True))
    assert "9:30am on Monday 26 October 2026 is offered." in page
    assert "Alex Reed has another slot" in words(office.post(f"{SLOTS}offer/", data))
    for day, said in (("9999-12-31", "must start within a year"), ("0001-01-01", "must start in the future"), ("x", "Enter a real date")):
        assert said in words(office.post(f"{SLOTS}offer/", data | {"starts_at_0": day})), day
    twice = data | {"starts_at_0": "2026-10-25", "starts_at_1": "01:30"}
    assert "The clocks change at this time." in words(office.post(f"{SLOTS}offer/", twice))
    slot = InterviewSlot.objects.get()
    page = words(office.post(f"{SLOTS}{slot.pk}/withdraw/", follow=True))
    assert "is no longer offered." in page
    assert "Withdrawn" in page


def test_the_guide_is_written_on_the_calls_page_and_frozen_once_scored(office, interview, guide, alex, call):
    url = f"/admin/applications/call/{call.pk}/change/"
    page = words(office.get(url))
    assert "Interview guide" in page
    assert 'name="interview_questions-0-anchors"' in page
    lines = {guide[0].pk: Line(3, "")}
    save_sheet(interview_id=interview.pk, revision=0, lines=lines, summary="", by=alex)
    response = office.get(url)
    page = words(response)
    assert 'name="interview_questions-0-anchors"' not in page
    assert "Question 1?" in page
    # The rest of the call can still be saved: what is frozen asks for nothing.
    sheets = next(inline.formset for inline in response.context["inline_admin_formsets"] if inline.formset.prefix == "interview_questions")
    assert [set(form.fields) for form in sheets.forms] == [{"id", "call"}] * len(guide)

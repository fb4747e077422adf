"""Interviews in the office: the lists, who has not booked, offering times, the desk, the guide and the export."""

import csv
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from applications.models import Assessment, Interview, InterviewSheet, InterviewSlot
from applications.services.interview_sheets import Line, save_sheet, submit_sheet
from applications.services.interviews import book_interview
from applications.states import ApplicationStatus, InterviewStatus
from tests.factories import CallFactory, ContactFactory, CouncilFactory, StaffFactory, UserFactory
from tests.factories.judging import (
    AssessmentFactory,
    ConflictFactory,
    InterviewFactory,
    InterviewQuestionFactory,
    InterviewSlotFactory,
    SubmittedFactory,
)
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
NOW = datetime(2026, 10, 20, 9, tzinfo=UTC)
LIST = "/admin/applications/interview/"
SLOTS = "/admin/applications/interviewslot/"


@pytest.fixture
def alex(move_clock):
    move_clock(NOW)
    return StaffFactory(full_name="Alex Reed")


@pytest.fixture
def sam(alex):
    return StaffFactory(full_name="Sam Okafor")


@pytest.fixture
def call(alex):
    return CallFactory(opens_at=NOW - timedelta(days=60), closes_at=NOW - timedelta(days=30), title="The call")


@pytest.fixture
def application(call):
    council = CouncilFactory(official_name="Barset City Council")
    ContactFactory(council=council)
    return shortlisted(call, council=council, initiative_title="Streets that look after themselves", initiative_summary="In short.")


def shortlisted(call, **options):
    return SubmittedFactory(call=call, status=ApplicationStatus.SHORTLISTED, **options)


@pytest.fixture
def guide(call):
    return [InterviewQuestionFactory(call=call, text=f"Question {n}?", position=n) for n in (1, 2)]


@pytest.fixture
def interview(application, alex, sam, guide):
    slot = InterviewSlotFactory(call=application.call, starts_at=NOW + timedelta(days=6), interviewer=alex, second_interviewer=sam)
    officer = application.council.contacts.get().user
    return book_interview(application_id=application.pk, slot_id=slot.pk, contact_name="Priya Shah", phone="01632 960 001", by=officer)


@pytest.fixture
def office(client, alex):
    client.force_login(alex)
    return client


def desk(interview, part="change"):
    return f"{LIST}{interview.pk}/{part}/"


def words(response):
    return " ".join(response.content.decode().split())


def typed(guide, revision=0, **more):
    found = {"revision": str(revision), "summary": "Sound."}
    for question in guide:
        found |= {f"score{question.pk}": "4", f"note{question.pk}": f"About {question.text}"}
    return found | more


def test_the_desk_shows_what_one_rings_with_and_no_paper_scores(office, interview, alex, guide):
    AssessmentFactory(application=interview.application, completed_at=NOW, is_eligible=True, note="Weak on evidence, says paper")
    page = words(office.get(desk(interview)))
    for text in ('href="tel:01632960001"', "Priya Shah", "Barset City Council", "In short.", "Question 1?", "3: Some"):
        assert text in page
    assert f"/admin/applications/application/{interview.application_id}/change/" in page
    assert "Weak on evidence" not in page
    assert not Assessment.objects.visible_to(alex).exists()


def test_a_button_saves_whatever_it_says(office, interview, guide, alex, move_clock):
    move_clock(interview.slot.starts_at)
    page = words(office.post(desk(interview), typed(guide, action="start"), follow=True))
    assert "The timer runs." in page
    assert 'data-timer="2026-10-26T09:00:00+00:00"' in page
    sheet = InterviewSheet.objects.get(interviewer=alex)
    assert (sheet.revision, sheet.summary, sheet.scores.first().score) == (1, "Sound.", 4)
    move_clock(interview.slot.starts_at + timedelta(minutes=30))
    page = words(office.post(desk(interview), typed(guide, 1, action="stop"), follow=True))
    assert "ended at 9:30am" in page
    page = words(office.post(desk(interview), typed(guide, 1, action="start"), follow=True))
    assert "ended at" not in page
    interview.refresh_from_db()
    assert interview.started_at == interview.slot.starts_at


def test_the_other_sheet_opens_once_ones_own_is_submitted_and_stands_beside_it(office, client, interview, guide, sam, move_clock):
    move_clock(interview.slot.starts_at + timedelta(minutes=50))
    lines = {question.pk: Line(2, "Sam heard otherwise") for question in guide}
    save_sheet(interview_id=interview.pk, revision=0, lines=lines, summary="", by=sam)
    submit_sheet(interview_id=interview.pk, by=sam)
    assert "Sam heard otherwise" not in words(office.get(desk(interview)))
    page = words(office.post(desk(interview), typed(guide, action="submit"), follow=True))
    assert "It is locked then, for good" in page
    assert "About Question 1?" in page
    assert "Sam heard otherwise" not in page
    page = words(office.post(desk(interview, "submit"), follow=True))
    assert "Your sheet is submitted and locked." in page
    assert page.count("Sam heard otherwise") == 2
    assert page.count("About Question") == 2
    assert office.post(desk(interview), typed(guide, 1, action="submit")).status_code == 409


def test_the_timer_can_be_stopped_after_both_sheets_are_in_and_the_interview_is_held_then(office, interview, guide, alex, sam, move_clock):
    move_clock(interview.slot.starts_at)
    office.force_login(alex)
    office.post(desk(interview), typed(guide, action="start"))
    office.post(desk(interview), typed(guide, 1, action="submit"))
    office.post(desk(interview, "submit"))
    save_sheet(interview_id=interview.pk, revision=0, lines={q.pk: Line(3, "") for q in guide}, summary="", by=sam)
    submit_sheet(interview_id=interview.pk, by=sam)
    assert "Stop the timer" in words(office.get(desk(interview)))
    assert "The timer has stopped." in words(office.post(desk(interview), {"action": "stop"}, follow=True))
    interview.refresh_from_db()
    assert interview.status == InterviewStatus.HELD


def test_a_sheet_without_every_score_is_saved_and_not_submitted(office, interview, guide, move_clock):
    move_clock(interview.slot.starts_at)
    data = typed(guide, action="submit") | {f"score{guide[1].pk}": ""}
    page = words(office.post(desk(interview), data))
    assert "Select a score for “Question 2?”" in page
    assert "About Question 2?" in page
    assert office.post(desk(interview), data | {"revision": "1"}).context["form"].errors.keys() == {f"score{guide[1].pk}"}
    sheet = InterviewSheet.objects.get(revision=1)
    assert sheet.submitted_at is None
    page = words(office.get(desk(interview, "submit")))
    assert "Select a score for “Question 2?”" in page
    assert "Submit and lock my sheet" not in page
    page = words(office.post(desk(interview, "submit"), follow=True))
    assert "Select a score for “Question 2?”" in page
    sheet.refresh_from_db()
    assert sheet.submitted_at is None


def test_a_sheet_is_locked_only_by_its_own_interviewer_who_has_seen_it_again(office, client, interview, guide, alex, sam, move_clock):
    assert "Submit your sheet after the interview" in words(office.post(desk(interview), typed(guide, action="submit"), follow=True))
    move_clock(interview.slot.starts_at)
    office.force_login(alex)
    response = office.post(desk(interview), typed(guide, 1, action="submit"))
    assert response.url == desk(interview, "submit")
    assert InterviewSheet.objects.filter(submitted_at=None).count() == 2
    page = words(office.get(response.url))
    assert page.count("About Question") == 2
    assert "Sound." in page
    client.force_login(StaffFactory())
    assert (client.get(response.url).status_code, client.post(response.url).status_code) == (403, 403)
    client.force_login(alex)
    assert "submitted and locked" in words(client.post(response.url, follow=True))
    assert InterviewSheet.objects.get(submitted_at=None).interviewer == sam
    assert "can no longer be submitted" in words(client.post(response.url, follow=True))
    assert client.get(response.url).url == desk(interview)


def test_two_windows_show_both_versions_and_overwrite_nothing(office, interview, guide, alex):
    office.post(desk(interview), typed(guide, action="later"))
    response = office.post(desk(interview), typed(guide, action="later", summary="From the other window"))
    assert response.status_code == 409
    page = words(response)
    assert "Nothing has been overwritten" in page
    assert "From the other window" in page
    assert "Sound." in page
    assert 'name="revision" value="1"' in page
    assert InterviewSheet.objects.get(interviewer=alex).summary == "Sound."
    office.post(desk(interview), typed(guide, 1, action="later", summary="Both together"))
    assert InterviewSheet.objects.get(interviewer=alex).summary == "Both together"


def test_what_is_typed_after_submitting_or_cancelling_is_handed_back(office, interview, guide):
    Interview.objects.filter(pk=interview.pk).update(status=InterviewStatus.CANCELLED)
    response = office.post(desk(interview), typed(guide, summary="Typed too late"))
    assert response.status_code == 409
    assert "Typed too late" in words(response)


def test_autosave_speaks_the_pages_protocol(office, interview, guide, alex):
    url = desk(interview, "autosave")
    answer = office.post(url, typed(guide)).json()
    assert answer == {"revision": 1, "saved_at": "10:00am", "saved_by": "Alex Reed", "unsaved": []}
    assert office.post(url, typed(guide)).json()["revision"] == 1  # the same again is no conflict
    response = office.post(url, typed(guide, summary="Other"))
    assert (response.status_code, response.json()["error"], response.json()["saved_by"]) == (409, "conflict", "Alex Reed")
    answer = office.post(url, typed(guide, 1) | {f"score{guide[0].pk}": "9"}).json()
    assert len(answer["unsaved"]) == 1
    InterviewSheet.objects.update(submitted_at=NOW)
    response = office.post(url, typed(guide, 1))
    assert (response.status_code, response.json()) == (409, {"error": "closed"})


def test_staff_who_do_not_ring_read_submitted_sheets_and_write_nothing(client, interview, guide):
    client.force_login(StaffFactory())
    page = words(client.get(desk(interview)))
    assert "Only the two who ring note and score here" in page
    assert "<textarea" not in page
    assert client.post(desk(interview), typed(guide)).status_code == 403
    assert client.post(desk(interview, "autosave"), typed(guide)).status_code == 409
    InterviewSheet.objects.filter(interview=interview).update(submitted_at=NOW, summary="What was heard")
    assert "What was heard" in words(client.get(desk(interview)))


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


def test_acts_of_the_desk(office, interview, alex, move_clock):
    jo = StaffFactory(full_name="Jo Webb")
    page = words(office.get(desk(interview)))
    assert "Replace the first interviewer" in page
    assert "Nobody answered" not in page
    page = words(office.post(desk(interview, "swap-second"), {"person": jo.pk}, follow=True))
    assert "Jo Webb now takes part." in page
    kim = ConflictFactory(application=interview.application, user=StaffFactory()).user
    assert "is not free then, or has a conflict of interest" in words(office.post(desk(interview, "swap-first"), {"person": kim.pk}))
    assert "Select who rings instead" in words(office.post(desk(interview, "swap-first")))
    move_clock(interview.slot.starts_at + timedelta(minutes=5))
    assert "Nobody answered" in words(office.get(desk(interview)))
    page = words(office.post(desk(interview, "missed"), follow=True))
    assert "We have asked the council to book again." in page
    page = words(office.post(desk(interview, "held"), follow=True))
    assert "The interview counts as held." in page


def test_the_desk_says_who_has_to_be_replaced(office, interview, sam, move_clock):
    ConflictFactory(application=interview.application, user=sam)
    swap = desk(interview, "swap-second")
    page = words(office.get(desk(interview)))
    assert "Sam Okafor has a conflict of interest with this council" in page
    assert f'<a href="{swap}">Replace Sam Okafor</a>' in page
    page = words(office.get(swap))
    assert "Nobody else is free then" in page
    StaffFactory(full_name="Jo Webb")
    page = words(office.get(swap))
    assert "Who rings in place of Sam Okafor?" in page
    assert "Jo Webb" in page
    Interview.objects.update(started_at=NOW)
    page = words(office.get(desk(interview)))
    assert "Replace Sam Okafor" not in page
    assert "say that the interview was held" in page


def test_who_has_not_booked_can_be_asked_once_a_day(office, application, call):
    InterviewSlotFactory(call=call)
    unbooked = f"{LIST}unbooked/"
    page = words(office.get(unbooked))
    assert "1 shortlisted council has no interview." in page
    url = reverse("admin:applications_application_nudge", args=[application.pk])
    assert url in page
    assert "We have asked Barset City Council" in words(office.post(url, follow=True))
    assert "reminded today already" in words(office.post(url, follow=True))
    assert OutboundEmail.objects.filter(kind="interview-nudge").count() == 1
    InterviewFactory(application=application)
    assert "Every shortlisted council has an interview" in words(office.get(unbooked))


def eoi_act(application, name):
    return reverse(f"admin:applications_application_{name}", args=[application.pk])


def test_staff_book_for_a_council_and_move_and_cancel_it(office, application, call, alex, sam, guide):
    soon, later, gone = (
        InterviewSlotFactory(call=call, interviewer=alex, second_interviewer=sam, starts_at=NOW + timedelta(hours=hours))
        for hours in (3, 28, 52)
    )
    page = words(office.get(eoi_act(application, "book")))
    assert "Tuesday 20 October 2026, 1pm to 1:45pm: Alex Reed and Sam Okafor" in page
    assert "Enter the name of the person to ask for" in words(office.post(eoi_act(application, "book"), {"slot": soon.pk}))
    typed = {"slot": gone.pk, "contact_name": "Priya Shah", "phone": "01632 960 001", "reason": "They rang us."}
    gone.withdrawn_at = NOW
    gone.save()
    page = words(office.post(eoi_act(application, "book"), typed))
    assert "That time is no longer available. Select another one" in page
    assert f'value="{gone.pk}"' not in page
    assert "They rang us." in page
    page = words(office.post(eoi_act(application, "book"), typed | {"slot": soon.pk}, follow=True))
    assert "is booked: 1pm on Tuesday 20 October 2026. We have emailed everybody an invitation." in page
    interview = application.interviews.get()
    page = words(office.get(desk(interview)))
    assert "They rang us." in page
    page = words(office.get(desk(interview, "move")))
    assert f'<option value="{soon.pk}" selected' in page
    assert 'value="Priya Shah"' in page
    page = words(office.post(desk(interview, "move"), typed | {"slot": later.pk, "reason": ""}, follow=True))
    assert "The interview is at 2pm on Wednesday 21 October 2026." in page
    page = words(office.post(desk(interview, "cancel"), {"reason": ""}, follow=True))
    assert "The interview is cancelled." in page
    assert "Cancel the interview" not in page


def test_a_time_that_goes_while_staff_book_leaves_the_others(office, application, call, monkeypatch):
    from applications.admin import interview_acts

    slot, other = (InterviewSlotFactory(call=call, starts_at=NOW + timedelta(days=days)) for days in (2, 3))
    booking = interview_acts.book_interview

    def taken_first(**typed):
        InterviewFactory(slot=slot, application=shortlisted(call))
        return booking(**typed)

    monkeypatch.setattr(interview_acts, "book_interview", taken_first)
    typed = {"slot": slot.pk, "contact_name": "Priya Shah", "phone": "01632 960 001", "reason": ""}
    page = words(office.post(eoi_act(application, "book"), typed))
    assert "That time is no longer available. Select another one" in page
    assert f'value="{slot.pk}"' not in page
    assert f'value="{other.pk}"' in page


def test_after_two_missed_calls_staff_choose_how_it_goes_on(office, application, call, alex):
    for days in (9, 5):
        InterviewFactory(application=application, slot__starts_at=NOW - timedelta(days=days), status=InterviewStatus.NO_SHOW)
    InterviewSlotFactory(call=call)
    duty = "1 shortlisted council without an interview"
    assert duty in words(office.get("/admin/"))
    page = words(office.get(f"{LIST}unbooked/"))
    assert "Nobody answered 2 calls." in page
    assert eoi_act(application, "nudge") not in page
    assert "Offer another chance to book" in words(office.get(f"/admin/applications/application/{application.pk}/change/"))
    assert "Enter why you leave it at that" in words(office.post(eoi_act(application, "leave"), {"reason": " "}))
    page = words(office.post(eoi_act(application, "leave"), {"reason": "It has no time for us."}, follow=True))
    assert "stays without an interview" in page
    assert duty not in words(office.get("/admin/"))
    page = words(office.get(f"{LIST}unbooked/"))
    assert "Left without an interview" in page
    assert "It has no time for us." in page
    page = words(office.post(eoi_act(application, "chance"), follow=True))
    assert "can book once more" in page
    assert duty in words(office.get("/admin/"))
    page = words(office.get(f"{LIST}unbooked/"))
    assert eoi_act(application, "book") in page
    assert "Left without an interview" not in page
    page = words(office.post(eoi_act(application, "chance"), follow=True))
    assert "can still book one" in page


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


def test_nobody_says_of_an_interview_with_a_sheet_that_nobody_answered(office, interview, guide, alex, sam, move_clock):
    move_clock(interview.slot.starts_at)
    office.force_login(alex)
    assert "Nobody answered" in words(office.get(desk(interview)))
    save_sheet(interview_id=interview.pk, revision=0, lines={q.pk: Line(3, "") for q in guide}, summary="", by=sam)
    submit_sheet(interview_id=interview.pk, by=sam)
    assert "Nobody answered" not in words(office.get(desk(interview)))
    assert "not of one that has been held" in words(office.post(desk(interview, "missed"), follow=True))
    interview.refresh_from_db()
    assert interview.is_booked


def test_records_are_called_by_their_moment_in_words(office, interview):
    page = words(office.get(desk(interview, "cancel")))
    assert "at 9am on Monday 26 October 2026" in page
    assert "2026-10-26" not in page


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


def test_booking_for_a_council_asks_as_often_for_fifty_times_as_for_five(office, application, call, interview):
    counts = []
    other = shortlisted(call)
    for start, more in ((0, 5), (5, 45)):
        for number in range(start, start + more):
            InterviewSlotFactory(call=call, starts_at=NOW + timedelta(days=number, hours=1))
        counts.append([queries(office, url) for url in (eoi_act(other, "book"), desk(interview, "move"))])
    print(f"\nbook, move: {counts} queries")
    assert counts[0] == counts[1]
    assert max(counts[0]) < 20


def test_the_desk_asks_as_often_for_fifty_questions_as_for_five(office, call, interview, alex):
    counts = []
    for more in (5, 45):
        questions = InterviewQuestionFactory.create_batch(more, call=call)
        revision = InterviewSheet.objects.get(interviewer=alex).revision
        lines = {question.pk: Line(None, "Noted") for question in questions}
        save_sheet(interview_id=interview.pk, revision=revision, lines=lines, summary="", by=alex)
        counts.append([queries(office, desk(interview, part)) for part in ("change", "submit")])
    print(f"\ndesk, check before submitting: {counts} queries")
    assert counts[0] == counts[1]
    assert max(counts[0]) < 20


def queries(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)

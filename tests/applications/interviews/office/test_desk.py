"""The desk at which two interviewers note and score what a council says."""

from datetime import timedelta

import pytest

from applications.models import Assessment, Interview, InterviewSheet
from applications.services.interview_sheets import Line, save_sheet, submit_sheet
from applications.states import InterviewStatus
from tests.applications.interviews.conftest import NOW
from tests.applications.interviews.office.conftest import desk, queries, typed, words
from tests.factories import StaffFactory
from tests.factories.judging import AssessmentFactory, InterviewQuestionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


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
    assert answer == {"revision": 1, "saved_at": "10am", "unsaved": []}
    assert office.post(url, typed(guide)).json()["revision"] == 1  # the same again is no conflict
    response = office.post(url, typed(guide, summary="Other"))
    assert (response.status_code, response.json()["error"]) == (409, "conflict")
    assert response.json()["why"].startswith("You saved this at 10am on ")
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

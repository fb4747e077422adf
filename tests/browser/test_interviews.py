"""Booking an interview and holding it, by keyboard and without JavaScript, and every page by axe."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from applications.models import Interview, InterviewSheet
from applications.services.interview_sheets import submit_sheet
from applications.services.interviews import book_interview
from applications.states import InterviewStatus
from tests.browser.conftest import choose, press, tab_to, tick, type_in
from tests.factories import StaffFactory
from tests.factories.judging import (
    ConflictFactory,
    InterviewFactory,
    InterviewQuestionFactory,
    InterviewSlotFactory,
    ShortlistedFactory,
    in_working_days,
)

WAYS = {
    "by keyboard": {},
    "without JavaScript": {"java_script_enabled": False},
    "on a screen of 320 pixels": {"viewport": {"width": 320, "height": 640}},
}
OFFICE = "/admin/applications/interview/"


@pytest.fixture
def pair(roles):
    return StaffFactory(full_name="Alex Reed"), StaffFactory(full_name="Jo Webb")


@pytest.fixture
def application(contact, pair):
    made = ShortlistedFactory(council=contact.council, initiative_title="Streets that look after themselves")
    for number in (1, 2):
        anchors = [f"{word} of {number}" for word in ("Nothing", "Little", "Some", "Much", "All")]
        InterviewQuestionFactory(call=made.call, text=f"Question {number}?", anchors=anchors, position=number)
    for days in (3, 4):
        slot_of(made, pair, days)
    return made


def slot_of(application, pair, days):
    moment = in_working_days(days).replace(hour=10, minute=30)
    return InterviewSlotFactory(call=application.call, starts_at=moment, interviewer=pair[0], second_interviewer=pair[1])


@pytest.fixture
def interview(application, officer, pair):
    """One whose time has come."""
    slot = slot_of(application, pair, 2)
    made = book_interview(application_id=application.pk, slot_id=slot.pk, contact_name="Sam Okafor", phone="01632 960001", by=officer)
    slot.starts_at = timezone.now() - timedelta(minutes=1)
    slot.save()
    return made


@pytest.mark.parametrize("way", WAYS)
def test_a_council_books_changes_and_cancels(visit, application, officer, way):
    page = visit("/", officer, **WAYS[way])
    press(page, "link", "Book your interview")
    press(page, "button", "Book the interview")
    expect(page.get_by_role("alert")).to_contain_text("Select a time")
    tick(page, page.locator("label", has_text="to").first.inner_text())
    type_in(page, "Which number should we ring?", "01632 960001")
    press(page, "button", "Book the interview")
    expect(page.locator("main")).to_contain_text("We ring you at")
    first = Interview.objects.get().slot
    press(page, "button", "Change the time or the number")
    choose(page, page.locator("label", has_text="to").last.inner_text())
    press(page, "button", "Change the interview")
    expect(page.locator("main")).to_contain_text("Your interview has been changed.")
    assert Interview.objects.get().slot != first
    press(page, "link", "Cancel the interview")
    press(page, "button", "Cancel the interview")
    expect(page.locator("main")).to_contain_text("Your interview is cancelled.")
    assert Interview.objects.get().status == InterviewStatus.CANCELLED


@pytest.mark.parametrize("way", ["by keyboard", "without JavaScript"])
def test_an_interviewer_rings_scores_and_submits(visit, interview, pair, way):
    page = visit(f"{OFFICE}{interview.pk}/change/", pair[0], **WAYS[way])
    expect(page.get_by_role("link", name="01632 960001")).to_have_attribute("href", "tel:01632960001")
    press(page, "button", "Start the timer")
    for number in (1, 2):
        type_in(page, f"What was said on question {number}", f"They said {number}.")
        choose(page, f"4: Much of {number}")
    type_in(page, "Anything else", "Sound.")
    press(page, "button", "Stop the timer")
    expect(page.locator("main")).to_contain_text("ended at")
    press(page, "button", "Check and submit my sheet")
    expect(page.locator("main")).to_contain_text("They said 2.")
    press(page, "link", "Go back to your sheet")
    press(page, "button", "Check and submit my sheet")
    press(page, "button", "Submit and lock my sheet")
    expect(page.locator("main")).to_contain_text("Your sheet is submitted and locked.")
    sheet = InterviewSheet.objects.get(interviewer=pair[0])
    assert sheet.submitted_at
    assert [(row.score, row.note) for row in sheet.scores.all()] == [(4, "They said 1."), (4, "They said 2.")]
    interview.refresh_from_db()
    assert interview.started_at
    assert interview.ended_at


def test_the_desk_saves_as_one_types_and_shows_how_long_it_has_taken(visit, interview, pair):
    page = visit(f"{OFFICE}{interview.pk}/change/", pair[0])
    page.get_by_role("button", name="Start the timer").click()
    expect(page.locator("[data-timer]")).to_contain_text("It has taken 0:0")
    page.get_by_label("What was said on question 1").fill("They said so.")
    expect(page.locator("[data-saved]")).to_contain_text("Saved at")
    page.get_by_label("2: Little of 2").check()
    expect(page.locator("[name=revision]")).to_have_value("2")
    sheet = InterviewSheet.objects.get(interviewer=pair[0])
    assert {row.question.text: (row.score, row.note) for row in sheet.scores.all()} == {
        "Question 1?": (None, "They said so."),
        "Question 2?": (2, ""),
    }


def test_two_windows_of_the_desk_overwrite_nothing(visit, interview, pair, forgiven, review):
    forgiven.append("status of 409")
    address = f"{OFFICE}{interview.pk}/change/"
    page = visit(address, pair[0])
    other = page.context.new_page()
    other.goto(address)
    page.get_by_label("Anything else").fill("The first version.")
    expect(page.locator("[data-saved]")).to_contain_text("Saved at")
    other.get_by_label("Anything else").fill("The second version.")
    expect(other.get_by_role("alert")).to_contain_text("Nothing has been overwritten")
    review(other)
    other.get_by_role("button", name="Show both versions").click()
    expect(other.locator("#content-main")).to_contain_text("The first version.")
    expect(other.get_by_label("Anything else")).to_have_value("The second version.")
    review(other)
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.locator("body")).to_contain_text("Your sheet is saved.")
    assert InterviewSheet.objects.get(interviewer=pair[0]).summary == "The second version."


def test_a_councils_pages(visit, review, application, officer, pair):
    address = f"/eoi/{application.reference}/"
    page = visit("/", officer)
    review(page, "/", address, f"{address}interview/")
    page.get_by_role("button", name="Book the interview").click()
    review(page)
    slot = application.call.interview_slots.first()
    book_interview(application_id=application.pk, slot_id=slot.pk, contact_name="Sam", phone="01632 960001", by=officer)
    review(page, "/", address, *(f"{address}interview/{part}" for part in ("", "change/", "cancel/")))
    slot.starts_at = timezone.now() + timedelta(hours=2)
    slot.save()
    review(page, f"{address}interview/")
    Interview.objects.update(status=InterviewStatus.HELD)
    review(page, "/", f"{address}interview/")
    Interview.objects.update(status=InterviewStatus.NO_SHOW)
    application.call.interview_slots.update(withdrawn_at=timezone.now())
    review(page, f"{address}interview/")
    InterviewFactory(application=application, status=InterviewStatus.NO_SHOW)
    review(page, f"{address}interview/")


def test_the_offices_pages(visit, review, interview, pair, application):
    slots = "/admin/applications/interviewslot/"
    desk = f"{OFFICE}{interview.pk}/"
    page = visit(OFFICE, pair[0])
    waiting, unanswered = ShortlistedFactory.create_batch(2, call=application.call)
    InterviewFactory.create_batch(2, application=unanswered, status=InterviewStatus.NO_SHOW)
    ShortlistedFactory(call=application.call, no_interview_reason="It has no time for us.")
    review(page, "/admin/", OFFICE, slots, f"{OFFICE}unbooked/", f"{slots}offer/", f"{slots}series/")
    eoi = "/admin/applications/application/"
    review(page, f"{eoi}{waiting.pk}/book/", *(f"{eoi}{unanswered.pk}/{part}/" for part in ("chance", "leave")))
    page.get_by_role("button", name="Leave it without an interview").click()
    review(page)
    conflict = ConflictFactory(application=interview.application, user=pair[1])
    review(page, OFFICE, "/admin/", *(f"{desk}{part}/" for part in ("change", "swap-second")))
    conflict.delete()
    parts = ("missed", "held", "move", "cancel", "swap-first", "submit", "change")
    review(page, *(f"{desk}{part}/" for part in parts))
    page.get_by_role("button", name="Check and submit my sheet").click()
    review(page)
    page.goto(f"{slots}series/")
    page.get_by_role("button", name="Look at the series").click()
    review(page)
    page.get_by_label("Call").select_option(str(application.call_id))
    page.get_by_label("First interviewer").select_option(str(pair[0].pk))
    page.get_by_label("Second interviewer").select_option(str(pair[1].pk))
    today = timezone.localdate()
    page.get_by_label("First day").fill(today.isoformat())
    page.get_by_label("Last day").fill((today + timedelta(days=40)).isoformat())
    assert page.get_by_label("Last day").evaluate("field => field.clientWidth > 100")  # room for the year
    page.get_by_role("button", name="Look at the series").click()
    page.wait_for_load_state()
    expect(page.get_by_role("heading", name="What is skipped")).to_be_visible()
    review(page)
    for sheet in interview.sheets.all():
        for question in application.call.interview_questions.all():
            sheet.scores.update_or_create(question=question, defaults={"score": 3, "note": "Said so. " * 40})
        if sheet.interviewer == pair[0]:
            review(page, f"{desk}submit/")
        submit_sheet(interview_id=interview.pk, by=sheet.interviewer)
    review(page, f"{desk}change/")
    review(visit(f"{desk}change/", StaffFactory()))


@pytest.mark.parametrize("way", WAYS)
def test_staff_book_move_and_cancel_for_a_council(visit, application, pair, way):
    page = visit(f"/admin/applications/application/{application.pk}/change/", pair[0], **WAYS[way])
    press(page, "link", "Book its interview")
    select(page, 1)
    type_in(page, "Who should we ask for?", "Sam Okafor")
    type_in(page, "Which number should we ring?", "01632 960001")
    press(page, "button", "Book its interview")
    expect(page.locator("main")).to_contain_text("We have emailed everybody an invitation.")
    interview = Interview.objects.get()
    first = interview.slot
    page.goto(f"{OFFICE}{interview.pk}/change/")
    press(page, "link", "Change the time or the number")
    select(page, 2)
    press(page, "button", "Change the time or the number")
    expect(page.locator("main")).to_contain_text("We have emailed everybody how it stands now.")
    interview.refresh_from_db()
    assert interview.slot != first
    press(page, "link", "Cancel the interview")
    press(page, "button", "Cancel the interview")
    expect(page.locator("main")).to_contain_text("The interview is cancelled.")
    interview.refresh_from_db()
    assert interview.status == InterviewStatus.CANCELLED


def select(page, number):
    """Choose a time by its place in the list, with the arrow keys."""
    field = page.get_by_label("When do we ring?")
    tab_to(page, field)
    for _ in range(10):
        page.keyboard.press("ArrowUp")
    for _ in range(number):
        page.keyboard.press("ArrowDown")
    expect(field.locator("option").nth(number)).to_have_js_property("selected", value=True)


@pytest.mark.usefixtures("roles")
def test_empty_lists_say_what_will_appear(visit, review, db):
    page = visit(OFFICE, StaffFactory())
    expect(page.locator("#content-main")).to_contain_text("Interviews appear here once councils have booked them.")
    review(page, OFFICE, "/admin/applications/interviewslot/", f"{OFFICE}unbooked/")

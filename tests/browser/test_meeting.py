"""The panel's meeting by keyboard and without JavaScript, in two tabs, and its pages by axe-core and at 320 pixels."""

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import expect

from applications.services.meeting_items import open_item
from applications.services.meetings import end_meeting
from tests.browser.conftest import press, too_wide
from tests.factories import StaffFactory
from tests.factories.judging import ConflictFactory
from tests.factories.meeting import planned, running, scored_panel


@pytest.fixture
def staff(db):
    call_command("sync_roles")
    return StaffFactory()


@pytest.fixture
def meeting(staff):
    return running(scored_panel(), staff)


@pytest.fixture
def item(meeting):
    return meeting.items.first()


def url(name, *args):
    return reverse(f"admin:applications_panelmeeting_{name}", args=args)


def item_url(item):
    return url("item", item.meeting_id, item.pk)


def test_an_item_by_single_keys(visit, staff, meeting, item):
    ConflictFactory(application=item.application, user=meeting.present.last().user)
    page = visit(item_url(item), staff)
    expect(page.locator("[data-keys]")).to_be_visible()
    with page.expect_navigation():
        page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Out of the room")).to_be_visible()
    page.keyboard.press("1")
    expect(page.get_by_label("Offer a place")).to_be_checked()
    page.keyboard.press("r")
    page.keyboard.type("nobody doubts it, and can carry on")
    page.keyboard.press("Escape")
    expect(page.locator("[data-saved]")).to_contain_text("Saved at")
    with page.expect_navigation():
        page.keyboard.press("c")
    expect(page.locator(".office-meeting-place")).to_have_text("2 of 3")
    item.refresh_from_db()
    assert (item.recommendation, item.reason) == ("select", "nobody doubts it, and can carry on")
    assert item.closed_at
    with page.expect_navigation():
        page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Settled")).to_be_visible()


def test_a_meeting_with_tab_and_enter_alone(visit, staff):
    meeting = planned(scored_panel(1), staff)
    page = visit(url("change", meeting.pk), staff)
    press(page, "link", "Open the meeting")
    for member in page.get_by_role("checkbox").all():
        member.focus()
        page.keyboard.press("Space")
    press(page, "button", "Open the meeting")
    press(page, "link", "Next:")
    press(page, "button", "Open the item")
    page.get_by_label("Reserve").focus()
    page.keyboard.press("Space")
    page.get_by_label("Reason").focus()
    page.keyboard.type("Early.")
    press(page, "button", "Close and go to the next")
    expect(page.get_by_role("heading", name="Settled")).to_be_visible()
    page.goto(url("change", meeting.pk))
    press(page, "link", "End the meeting")
    press(page, "button", "End the meeting")
    expect(page.get_by_role("link", name="Download the minutes")).to_be_visible()


def test_an_item_without_javascript(visit, staff, item):
    page = visit(item_url(item), staff, java_script_enabled=False)
    page.get_by_role("button", name="Open the item").click()
    page.get_by_role("button", name="Leaves").first.click()
    page.get_by_role("button", name="Comes back").click()
    page.get_by_label("Could go either way").check()
    page.get_by_label("Score, of 100").fill("61.5")
    page.get_by_label("Reason").fill("Close.")
    page.get_by_role("button", name="Close and go to the next").click()
    item.refresh_from_db()
    assert (item.recommendation, str(item.moderated_score), item.exits.count()) == ("either", "61.5", 1)


def test_two_people_overwrite_nothing(visit, staff, item, forgiven, review):
    forgiven.append("status of 409")
    open_item(item_id=item.pk, by=staff)
    page, other = visit(item_url(item), staff), visit(item_url(item), StaffFactory(full_name="Jo Lindqvist"))
    other.get_by_label("Reason").fill("The first version.")
    expect(other.locator("[data-saved]")).to_contain_text("Saved at")
    page.get_by_label("Reason").fill("The second version.")
    expect(page.get_by_role("alert")).to_contain_text("Jo Lindqvist saved this at")
    page.get_by_role("button", name="Show both versions").click()
    expect(page.locator("#content")).to_contain_text("The first version.")
    expect(page.get_by_label("Reason")).to_have_value("The second version.")
    review(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("Saved.")
    item.refresh_from_db()
    assert item.reason == "The second version."


def test_every_page_of_a_meeting(visit, review, staff):
    panel = scored_panel()
    page = visit(url("changelist"), staff)
    review(page, url("changelist"), url("plan"))
    page.get_by_role("button", name="Plan the meeting").click()
    review(page)
    meeting = planned(panel, staff)
    review(page, url("changelist"), url("change", meeting.pk), url("open", meeting.pk), url("reschedule", meeting.pk))
    first, second, _ = meeting.items.all()
    review(page, item_url(first))
    for member in (panel.members.get(is_chair=True), panel.members.last()):
        ConflictFactory(application=second.application, user=member.user)
    page.goto(url("open", meeting.pk))
    for member in page.get_by_role("checkbox").all():
        member.check()
    page.get_by_role("button", name="Open the meeting").click()
    review(page, item_url(second), item_url(first))
    page.get_by_role("button", name="Open the item").click()
    review(page)
    page.get_by_role("button", name="Close and go to the next").click()
    expect(page.get_by_role("alert").first).to_contain_text("Select what the panel recommends")
    review(page)
    page.get_by_role("link", name="Enter the reason").click()
    expect(page.get_by_label("Reason")).to_be_focused()
    page.get_by_label("Offer a place").check()
    page.get_by_label("Reason").fill("Good.")
    page.get_by_role("button", name="Close and go to the next").click()
    review(page, item_url(first), url("again", meeting.pk, first.pk), url("change", meeting.pk), url("end", meeting.pk))
    end_meeting(meeting_id=meeting.pk, not_reached="Time ran out.", by=staff)
    review(page, url("change", meeting.pk), item_url(first), url("send", meeting.pk))
    assert too_wide(page) == []

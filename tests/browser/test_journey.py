"""A whole expression of interest, from the call to the receipt, without touching a mouse."""

import pytest
from playwright.sync_api import expect

from applications.models import Application
from cohort.models import CouncilContact
from tests.browser.conftest import choose, code_sent_to, press, sign_in, tick, type_in
from tests.factories import CouncilFactory
from upstream.accounts.services import find_or_invite_user
from upstream.correspondence.models import OutboundEmail

WAYS = {
    "by keyboard": {},
    "without JavaScript": {"java_script_enabled": False},
    "on a screen of 320 pixels": {"viewport": {"width": 320, "height": 640}},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_council_applies(visit, call, way):
    council = CouncilFactory(name="Barset", official_name="Barset City Council")
    council.domains.create(domain="barset.gov.uk")
    page = visit(f"/calls/{call.slug}/", **WAYS[way])

    press(page, "button", "Start")
    choose(page, "A council: district")
    press(page, "button", "Continue")
    type_in(page, "Which council would lead?", "Barset City Council")
    press(page, "button", "Continue")
    press(page, "button", "Yes, continue")
    choose(page, "Yes, it is running")
    press(page, "button", "Continue")
    choose(page, "Yes")
    press(page, "button", "Continue")
    press(page, "button", "Create an account")

    type_in(page, "Email address", "sam@barset.gov.uk")
    type_in(page, "Your full name", "Sam Okafor")
    press(page, "button", "Create an account")
    type_in(page, "Code", code_sent_to("sam@barset.gov.uk"))
    press(page, "button", "Continue")
    press(page, "button", "Ask to act for Barset City Council")
    press(page, "button", "Start your expression of interest")

    press(page, "link", "Your initiative")
    type_in(page, "What is it called?", "Streets that look after themselves")
    tick(page, "Communities")
    type_in(page, "Day", "1")
    type_in(page, "Month", "May")
    type_in(page, "Year", "2027")
    press(page, "button", "Save and continue")
    type_in(page, "What is the evidence?", "It worked in two wards.")
    choose(page, "Yes, it is complete")
    press(page, "button", "Save and continue")
    tick(page, "On behalf of the council")
    press(page, "button", "Submit your expression of interest")

    application = Application.objects.get()
    expect(page.get_by_role("heading", level=1)).to_have_text("Expression of interest submitted")
    expect(page.locator("main")).to_contain_text(application.reference)
    assert application.submitted_by == CouncilContact.objects.get().user
    assert OutboundEmail.objects.filter(kind="application-submitted", recipient="sam@barset.gov.uk").count() == 1


def test_one_code_is_enough_for_a_colleague_who_was_invited(visit, db):
    find_or_invite_user(email="priya@barset.gov.uk")
    sign_in(visit("/account/login/"), "priya@barset.gov.uk")


@pytest.mark.parametrize("javascript", [True, False])
def test_pressing_submit_twice_gives_one_receipt(visit, whole, officer, javascript):
    page = visit(f"/eoi/{whole.reference}/check/", officer, java_script_enabled=javascript)
    page.get_by_label("On behalf of the council").check()
    page.get_by_role("button", name="Submit your expression of interest").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Expression of interest submitted")
    assert OutboundEmail.objects.filter(kind="application-submitted").count() == 1
    assert whole.attempts.filter(outcome="accepted").count() == 1


def test_going_back_after_submitting_leads_to_the_same_receipt(visit, whole, officer):
    page = visit(f"/eoi/{whole.reference}/check/", officer)
    again = page.context.new_page()
    again.goto(page.url)
    for tab in (page, again):
        tab.get_by_label("On behalf of the council").check()
        tab.get_by_role("button", name="Submit your expression of interest").click()
        tab.wait_for_url("**/receipt/")
    page.go_back()
    page.reload()
    assert page.url.endswith("/receipt/")
    assert OutboundEmail.objects.filter(kind="application-submitted").count() == 1

"""Every link of an error summary gives the focus to a control that mends the error. axe cannot see that."""

from playwright.sync_api import expect

from tests.applications.test_eoi_pages import one_page_pdf
from tests.factories import CouncilFactory


def focused_by_links(page):
    """Follow each link of the error summary, and return the kinds of the controls that get the focus."""
    summary = page.locator(".govuk-error-summary")
    expect(summary).to_be_focused()
    assert page.title().startswith("Error: ")
    kinds = []
    for link in summary.get_by_role("link").all():
        link.click()
        target = page.locator(link.get_attribute("href"))
        expect(target).to_be_focused()
        kinds.append(target.evaluate("e => e.type"))
    return kinds


def test_a_radio_button_and_a_text_box(visit, call):
    CouncilFactory()
    page = visit(f"/calls/{call.slug}/start/")
    page.get_by_role("button", name="Continue").click()
    assert focused_by_links(page) == ["radio"]
    page.get_by_label("A council: district").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    assert focused_by_links(page) == ["text"]


def test_a_checkbox_and_the_wrong_part_of_a_date(visit, draft, officer):
    page = visit(f"/eoi/{draft.reference}/sections/initiative/", officer)
    page.get_by_label("Day").fill("1")
    page.get_by_label("Month").fill("May")
    page.get_by_label("Year").fill("27")
    page.get_by_role("button", name="Save and continue").click()
    assert focused_by_links(page) == ["text", "checkbox", "text"]
    expect(page.get_by_label("Year")).to_be_focused()


def test_long_text_a_file_and_the_question_whether_it_is_complete(visit, draft, officer):
    page = visit(f"/eoi/{draft.reference}/sections/evidence/", officer)
    page.get_by_label("A letter of support").set_input_files({"name": "letter.exe", "mimeType": "application/pdf", "buffer": b"MZ"})
    page.get_by_label("Yes, it is complete").check()
    page.get_by_role("button", name="Save and continue").click()
    assert focused_by_links(page) == ["textarea", "file"]
    page.goto(page.url)
    page.get_by_label("A letter of support").set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": one_page_pdf()})
    page.get_by_role("button", name="Save and continue").click()
    assert focused_by_links(page) == ["radio"]


def test_the_box_to_tick_before_submitting(visit, whole, officer):
    page = visit(f"/eoi/{whole.reference}/check/", officer)
    page.get_by_role("button", name="Submit your expression of interest").click()
    assert focused_by_links(page) == ["checkbox"]


def test_a_missing_answer_on_the_last_page_leads_to_its_section(visit, draft, officer):
    page = visit(f"/eoi/{draft.reference}/check/", officer)
    page.get_by_label("On behalf of the council").check()
    page.get_by_role("button", name="Submit your expression of interest").click()
    links = page.locator(".govuk-error-summary").get_by_role("link")
    expect(links).to_have_count(3)
    addresses = [link.evaluate("a => a.href") for link in links.all()]
    for address in addresses:
        page.goto(address)
        assert page.evaluate("document.querySelector(location.hash).matches('input, textarea')"), address

"""Saving while somebody types, when something goes wrong: no text is lost, and none overwrites another's."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from applications.services.eoi import attach_file, save_section
from applications.services.submission import submit_application
from applications.states import QuestionKind
from tests.applications.conftest import question, section_of
from tests.browser.conftest import sign_in
from tests.factories import ContactFactory, UserFactory
from upstream.documents.models import StoredFile

QUESTION = "What is the evidence?"


@pytest.fixture
def address(draft):
    return f"/eoi/{draft.reference}/sections/evidence/"


@pytest.fixture
def page(visit, address, officer):
    return visit(address, officer)


@pytest.fixture
def sam(draft):
    return ContactFactory(council=draft.council, user=UserFactory(full_name="Sam Okafor")).user


def write(page, text):
    page.get_by_label(QUESTION).press("Control+End")
    page.keyboard.type(text)


def expect_saved(page, application, text):
    expect(page.locator("[data-saved]")).to_contain_text("Saved at")
    assert saved(application) == text


def saved(application):
    return application.answers.get(question=question(application, QuestionKind.LONG_TEXT)).value


def save_as(person, application, text, revision=0):
    asked = question(application, QuestionKind.LONG_TEXT)
    save_section(
        application_id=application.pk, section=asked.section, revision=revision, values={asked.pk: text}, completed=None, by=person
    )


def test_text_is_saved_as_it_is_typed(page, draft):
    write(page, "It worked.")
    expect_saved(page, draft, "It worked.")


def test_text_typed_offline_is_saved_when_the_connection_is_back(page, draft, forgiven):
    forgiven.append("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    write(page, "On a train.")
    expect(page.get_by_role("alert")).to_contain_text("We cannot reach the site. Your text is safe in this browser")
    page.context.set_offline(False)
    expect_saved(page, draft, "On a train.")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_button_pressed_offline_leaves_the_text_where_it_is(page, draft, forgiven):
    forgiven.append("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    write(page, "On a train.")
    page.get_by_role("button", name="Save and come back later").click()
    expect(page.get_by_role("alert")).to_contain_text("You are offline, so nothing was sent")
    expect(page.get_by_label(QUESTION)).to_have_value("On a train.")
    page.context.set_offline(False)
    expect_saved(page, draft, "On a train.")


def test_text_typed_after_signing_out_is_saved_once_signed_in_again(page, draft, officer, forgiven):
    forgiven.append("status of 401")
    EmailAddress.objects.create(user=officer, email=officer.email, verified=True, primary=True)
    Session.objects.all().delete()
    write(page, "Two hours of work.")
    expect(page.get_by_role("alert")).to_contain_text("You have been signed out")
    expect(page.get_by_label(QUESTION)).to_have_value("Two hours of work.")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    sign_in(opened.value, officer.email)
    page.evaluate("window.dispatchEvent(new Event('focus'))")  # a browser without a window tells no page that one came back to it
    expect_saved(page, draft, "Two hours of work.")
    page.get_by_role("button", name="Save and come back later").click()
    page.wait_for_url(f"**/eoi/{draft.reference}/")


def test_a_form_sent_after_signing_out_is_sent_again_once_signed_in(page, draft, officer, forgiven):
    forgiven.append("status of 401")
    EmailAddress.objects.create(user=officer, email=officer.email, verified=True, primary=True)
    Session.objects.all().delete()
    write(page, "Two hours of work.")
    page.get_by_role("button", name="Save and come back later").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in (opens in a new tab)").click()
    sign_in(opened.value, officer.email)
    page.get_by_role("button", name="Send again").click()
    page.wait_for_url(f"**/eoi/{draft.reference}/")
    assert saved(draft) == "Two hours of work."


def test_two_tabs_overwrite_nothing_and_show_both_versions(page, draft, address, forgiven):
    forgiven.append("status of 409")
    other = page.context.new_page()
    other.goto(address)
    write(page, "The first version.")
    expect_saved(page, draft, "The first version.")
    write(other, "The second version.")
    expect(other.get_by_role("alert")).to_contain_text("Nothing has been overwritten, and your text is still here")
    expect(other.get_by_label(QUESTION)).to_be_focused()
    other.get_by_role("button", name="Show both versions").click()
    expect(other.locator("main")).to_contain_text("The first version.")
    expect(other.get_by_label(QUESTION)).to_have_value("The second version.")
    write(other, " And the first.")
    other.wait_for_timeout(2500)
    assert saved(draft) == "The first version."
    other.get_by_role("button", name="Save and come back later").click()
    other.wait_for_url(f"**/eoi/{draft.reference}/")
    assert saved(draft) == "The second version. And the first."


def test_two_people_see_that_the_other_is_there(page, visit, address, sam, officer):
    theirs = visit(address, sam)
    with theirs.expect_response("**/presence/"):
        theirs.reload()
    expect(theirs.locator("[data-presence]")).to_have_text(f"{officer.full_name} is editing this section")
    page.reload()
    expect(page.locator("[data-presence]")).to_have_text("Sam Okafor is editing this section")


def test_text_typed_after_a_colleague_has_submitted_is_handed_back(whole, page, officer, forgiven):
    forgiven.append("status of 409")
    before = saved(whole)
    submit_application(application_id=whole.pk, by=officer)
    write(page, " Too late.")
    expect(page.get_by_role("alert")).to_contain_text("can no longer be changed")
    expect(page.get_by_label(QUESTION)).to_have_value(f"{before} Too late.")
    page.get_by_role("button", name="Save and come back later").click()
    expect(page.locator("main")).to_contain_text("Too late.")
    assert saved(whole) == before


def leave_text_behind(page, text):
    # Offline alone will not do: what a page sends while it closes may still arrive once the connection is back.
    page.evaluate("window.fetch = () => Promise.reject(new TypeError('no connection')); null")
    write(page, text)
    page.close()


def test_text_left_behind_is_offered_and_put_back_only_when_asked(page, draft, address):
    leave_text_behind(page, "Left behind.")
    page = page.context.new_page()
    page.goto(address)
    expect(page.get_by_label(QUESTION)).to_have_value("")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_label(QUESTION)).to_have_value("Left behind.")
    expect_saved(page, draft, "Left behind.")


def test_text_left_behind_stays_whatever_is_typed_before_it_is_brought_back(page, draft, address, forgiven):
    forgiven.append("status of 409")
    leave_text_behind(page, "Left behind.")
    page = page.context.new_page()
    page.goto(address)
    write(page, "Typed since.")
    expect_saved(page, draft, "Typed since.")
    page.reload()
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_label(QUESTION)).to_have_value("Left behind.")
    expect(page.get_by_role("alert")).to_contain_text("Nothing has been overwritten")
    assert saved(draft) == "Typed since."


def test_text_that_is_not_saved_yet_is_offered_when_other_text_takes_its_place(page, address):
    leave_text_behind(page, "Left behind.")
    page = page.context.new_page()
    page.goto(address)
    page.evaluate("window.fetch = () => Promise.reject(new TypeError('no connection')); null")
    write(page, "Typed since.")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_label(QUESTION)).to_have_value("Left behind.")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_label(QUESTION)).to_have_value("Typed since.")
    expect(page.get_by_role("button", name="Bring it back")).to_have_count(1)


def test_text_left_behind_can_be_discarded(page, address):
    leave_text_behind(page, "Left behind.")
    page = page.context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_role("button", name="Bring it back")).to_have_count(0)
    page.reload()
    expect(page.locator("[data-saved]")).to_be_attached()
    expect(page.get_by_role("button", name="Bring it back")).to_have_count(0)


def test_a_mark_that_was_not_saved_is_no_text_left_behind(page, address):
    page.evaluate("window.fetch = () => Promise.reject(new TypeError('no connection')); null")
    page.get_by_label("Yes, it is complete").check()
    page.close()
    page = page.context.new_page()
    page.goto(address)
    expect(page.locator("[data-saved]")).to_be_attached()
    expect(page.get_by_role("button", name="Bring it back")).to_have_count(0)


def test_text_brought_back_does_not_overwrite_what_a_colleague_saved_meanwhile(page, draft, sam, address, forgiven):
    forgiven.append("status of 409")
    leave_text_behind(page, "Left behind.")
    save_as(sam, draft, "What Sam wrote.")
    page = page.context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_role("alert")).to_contain_text("Sam Okafor saved this at")
    assert saved(draft) == "What Sam wrote."


def test_going_back_to_a_saved_section_shows_it_as_saved(page, draft):
    write(page, "One.")
    page.get_by_role("button", name="Save and come back later").click()
    page.wait_for_url(f"**/eoi/{draft.reference}/")
    page.go_back()
    expect(page.locator("[data-saved]")).to_contain_text("Saved at")
    write(page, " Two.")
    page.get_by_role("button", name="Save and come back later").click()
    page.wait_for_url(f"**/eoi/{draft.reference}/")
    assert saved(draft) == "One. Two."


def test_the_enter_key_saves_and_never_removes_a_file(page, draft, officer, address):
    from tests.applications.test_eoi_pages import SimpleUploadedFile, one_page_pdf

    upload = SimpleUploadedFile("letter.pdf", one_page_pdf(), "application/pdf")
    attach_file(application_id=draft.pk, question=question(draft, QuestionKind.FILE), upload=upload, revision=0, by=officer)
    page.reload()
    page.get_by_label("Yes", exact=True).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert StoredFile.objects.get().name == "letter.pdf"
    assert draft.progress.filter(section=section_of(draft, "evidence")).exists()

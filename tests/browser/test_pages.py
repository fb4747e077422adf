"""Every page in every state, by axe-core and on a screen of 320 pixels."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.utils import timezone
from django.views.defaults import server_error
from playwright.sync_api import expect

from applications.models import Call
from applications.services.eoi import attach_file, save_section
from applications.services.submission import submit_application, withdraw_application
from applications.states import QuestionKind
from cohort.states import ContactRole, ContactStatus, Nation
from tests.applications.conftest import question
from tests.applications.test_eoi_pages import SimpleUploadedFile, one_page_pdf
from tests.browser.conftest import axe, code_sent_to, too_wide
from tests.factories import CallFactory, ContactFactory, CouncilFactory, UserFactory


def send(page, button="Continue"):
    page.get_by_role("button", name=button).first.click()


def test_public_pages(visit, review, call, forgiven):
    forgiven.append("status of 404")
    now = timezone.now()
    closed, coming = CallFactory(closes_at=now - timedelta(days=1)), CallFactory(opens_at=now + timedelta(days=1))
    page = visit("/")
    review(page, "/", "/accessibility/", "/privacy/", "/cookies/", "/no-such-page/")
    for each in (call, closed, coming):
        review(page, *(f"/calls/{each.slug}/{part}" for part in ("", "questions/", "terms/", "start/")))


def test_eligibility_pages(visit, review, call):
    council = CouncilFactory(name="Barset", official_name="Barset City Council")
    CouncilFactory(name="Barsetshire", official_name="Barsetshire County Council")
    ended = CouncilFactory(name="Old", starts_on="2000-01-01", ends_on="2009-03-31")
    start = f"/calls/{call.slug}/start/"
    call.nations = [Nation.ENGLAND]
    call.save()
    abroad = CouncilFactory(nation=Nation.WALES)
    page = visit(start)
    review(page, *(f"{start}advice/{topic}/" for topic in ("third-sector", "other", "not-listed", "initiative", "people")), start)
    send(page)
    review(page)
    page.get_by_label("A council: district").check()
    send(page)
    review(page)
    send(page)
    review(page)
    page.get_by_label("Which council would lead?").fill("Nowhere at all")
    send(page)
    review(page)
    page.get_by_label("Which council would lead?").fill("Barse")
    send(page)
    review(page)
    send(page)
    review(page, None, *(f"{start}council/{each.code}/" for each in (ended, abroad, council)))
    send(page, "Yes, continue")
    for answer in ("Yes, it is running", "Yes"):
        review(page)
        send(page)
        review(page)
        page.get_by_label(answer).check()
        send(page)
    review(page)


def test_account_pages_of_somebody_new(visit, review, db):
    page = visit("/account/signup/")
    for address, button in (
        ("/account/signup/", "Create an account"),
        ("/account/login/", "Email me"),
        ("/account/login/", "Sign in with a password"),
        ("/account/password/reset/", "Email me"),
    ):
        review(page, address)
        if "password" in button:
            page.get_by_text("Sign in with a password instead").click()
        page.get_by_role("button", name=button).last.click()
        review(page)
    page.goto("/account/signup/")
    page.get_by_label("Email address").fill("sam@example.org")
    page.get_by_label("Your full name").fill("Sam Okafor")
    send(page, "Create an account")
    review(page)
    page.get_by_label("Code").fill("WRONG1")
    send(page)
    review(page)
    page.get_by_label("Code").fill(code_sent_to("sam@example.org"))
    send(page)
    review(page, None, "/account/")


def test_proving_again_who_one_is(visit, review, officer):
    page = visit("/account/security/totp/activate/", officer)
    review(page)
    send(page)
    review(page)


def test_account_pages_of_somebody_who_signs_in_by_code(visit, review, db):
    person = UserFactory(password="!")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    page = visit("/account/", person)
    review(page, "/account/", "/account/logout/", "/account/password/set/", "/account/security/")
    for address in ("/account/email/", "/account/security/totp/activate/"):
        review(page, address)
        page.locator("main button").first.click()
        review(page)


def test_council_pages(visit, review, contact, officer, forgiven):
    forgiven.append("status of 403")
    CouncilFactory(name="Barsetshire", official_name="Barsetshire County Council")
    council = contact.council
    requested = ContactFactory(council=council, status=ContactStatus.REQUESTED)
    invited = ContactFactory(council=council, status=ContactStatus.INVITED, invited_by=officer)
    editor = ContactFactory(council=council, role=ContactRole.EDITOR)
    page = visit("/councils/request/", officer)
    review(page, f"/councils/people/{requested.pk}/refuse/", f"/councils/people/{editor.pk}/end/", f"/councils/{council.code}/people/")
    send(page, "Send the invitation")
    review(page)
    page.get_by_label("Their work email address").fill("new@example.org")
    page.get_by_label("Editor: reads").check()
    send(page, "Send the invitation")
    review(page, None, f"/councils/requests/{contact.pk}/", "/councils/request/")
    send(page)
    review(page)
    page.get_by_label("What is your council called?").fill("Barsetshir")
    send(page)
    review(page)
    send(page)
    review(page, None, f"/councils/request/?council={CouncilFactory().code}")
    review(visit(f"/councils/invitations/{invited.pk}/", invited.user), None, "/")
    review(visit(f"/councils/requests/{requested.pk}/", requested.user), None, "/")
    review(visit(f"/councils/people/{requested.pk}/refuse/", editor.user), None, f"/councils/{council.code}/people/")


def eoi(application, *parts):
    return [f"/eoi/{application.reference}/{part}" for part in parts]


def test_a_draft(visit, review, draft, officer, forgiven):
    forgiven.extend(["status of 409", "status of 401"])
    sections = ["sections/initiative/", "sections/evidence/"]
    page = visit("/", officer)
    review(page, "/", *eoi(draft, "", "answers/", "withdraw/", "check/", *sections))
    send(page, "Save and continue")
    review(page)
    page.goto(eoi(draft, sections[0])[0])
    send(page, "Save and continue")
    review(page, None, *eoi(draft, "check/"))
    page.get_by_label("On behalf of").check()
    send(page, "Submit")
    review(page)
    asked = question(draft, QuestionKind.LONG_TEXT)
    upload = SimpleUploadedFile("letter.pdf", one_page_pdf(), "application/pdf")
    revision = draft.progress.get(section=asked.section).revision
    attach_file(application_id=draft.pk, question=question(draft, QuestionKind.FILE), upload=upload, revision=revision, by=officer)
    page.goto(eoi(draft, sections[1])[0])
    page.get_by_label("A letter of support").set_input_files({"name": "l.pdf", "mimeType": "application/pdf", "buffer": b"no PDF"})
    send(page, "Save and come back later")
    review(page)
    sam = ContactFactory(council=draft.council, user=UserFactory(full_name="Sam Okafor")).user
    colleague = visit(eoi(draft, sections[1])[0], sam)
    mine, theirs = "What I wrote, at length. " * 8, "What Sam wrote. " * 30
    save_section(
        application_id=draft.pk,
        section=asked.section,
        revision=draft.progress.get(section=asked.section).revision,
        values={asked.pk: theirs},
        completed=None,
        by=sam,
    )
    page.get_by_label(asked.text).fill(mine)
    page.get_by_role("button", name="Show both versions").wait_for()
    review(page)
    send(page, "Show both versions")
    review(page, None, *eoi(draft, sections[1]))
    draft.call.closes_at = timezone.now() - timedelta(minutes=5)
    draft.call.save()
    send(page, "Save and continue")
    review(page, None, "/", *eoi(draft, "", "answers/"))
    colleague.context.clear_cookies(name="sessionid")
    send(colleague, "Save and continue")
    review(colleague)


def test_from_a_whole_draft_to_a_withdrawn_one(visit, review, whole, officer):
    page = visit("/", officer)
    review(page, "/", *eoi(whole, "", "answers/", "sections/initiative/", "sections/evidence/", "check/"))
    send(page, "Submit")
    review(page)
    submit_application(application_id=whole.pk, by=officer)
    review(page, "/", *eoi(whole, "", "receipt/", "answers/", "withdraw/"))
    withdraw_application(application_id=whole.pk, reason="", by=officer)
    review(page, "/", *eoi(whole, "", "receipt/"))


def test_starting_once_the_questions_are_answered(visit, review, call, contact, officer, forgiven):
    forgiven.append("status of 409")
    page = visit("/", officer)
    store = SessionStore(next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "sessionid"))
    store[f"eligibility:{call.pk}"] = {"lead": "council", "council": contact.council.code, "initiative": "live", "people": True}
    store.save()
    review(page, f"/calls/{call.slug}/begin/")
    Call.objects.filter(pk=call.pk).update(nations=[Nation.WALES])
    send(page, "Start your expression of interest")
    review(page)
    expect(page.locator("main")).to_contain_text("not covered by the call")


def test_passwords(visit, review, officer):
    officer.set_password("correct horse battery")
    officer.save()
    page = visit("/", officer)
    review(page, "/account/password/change/")
    send(page, "Change password")
    review(page)


def test_two_step_sign_in(visit, review, forgiven, db):
    forgiven.append("status of 404")
    person = UserFactory(password=make_password("three small rivers"))
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    TOTP.activate(person, generate_totp_secret())
    codes = RecoveryCodes.activate(person).get_unused_codes()
    page = visit("/account/login/")
    page.get_by_text("Sign in with a password instead").click()
    page.get_by_label("Email address").last.fill(person.email)
    page.get_by_label("Password", exact=True).fill("three small rivers")
    send(page, "Sign in with a password")
    for code in ("000000", codes[0]):
        expect(page.get_by_role("heading", name="Enter the code from your app")).to_be_visible()
        review(page)
        page.get_by_label("Code").fill(code)
        page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_load_state()
    security = "/account/security/"
    review(page, security, f"{security}recovery-codes/", f"{security}recovery-codes/generate/")
    page.get_by_role("link", name="Use authenticator app").click()
    review(page)
    page.go_back()
    page.get_by_label("Password").fill("three small rivers")
    send(page)
    review(page)
    send(page, "Make new codes")
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    review(page, None, f"{security}totp/deactivate/")
    send(page, "Turn off two-step sign-in")
    review(page, None, security)


def test_a_form_whose_security_token_is_out_of_date(visit, review, contact, officer, forgiven):
    forgiven.append("status of 403")
    people = f"/councils/{contact.council.code}/people/"
    for page, button in ((visit("/account/login/"), "Email me"), (visit(people, officer), "Send the invitation")):
        page.locator("[name=email]").first.fill("sam@example.org")
        page.locator("[name=csrfmiddlewaretoken]").evaluate_all("fields => fields.forEach(field => field.value = 'x')")
        send(page, button)
        expect(page.get_by_text("sam@example.org")).to_be_visible()
        review(page)


def test_the_page_for_faults(visit, review, forgiven, db):
    """Shown as the server would: a real fault would also fill the log."""
    forgiven.append("status of 500")
    page = visit("/")
    fault = server_error(HttpRequest())
    page.route("**/fault/", lambda route: route.fulfill(status=fault.status_code, content_type="text/html", body=fault.text))
    page.goto("/fault/")
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    review(page)


def test_the_checks_themselves_find_a_fault(visit, db):
    page = visit("/")
    assert [*axe(page), *too_wide(page)] == []
    page.locator("main").evaluate("main => main.innerHTML += '<img src=/static/img/icon.svg><hr width=900>'")
    assert [fault.split(":")[0] for fault in axe(page)] == ["image-alt"]
    assert too_wide(page)

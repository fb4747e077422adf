"""The 2019-20 pilot, from registering to the receipt, as its officers would have lived it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from applications.models import Application, Call
from applications.services.extensions import approve_extension, request_extension
from applications.services.submission import withdraw_application
from applications.states import ApplicationStatus, QuestionKind
from cohort.models import Council, CouncilDomain
from tests.factories import StaffFactory
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import send_due

pytestmark = pytest.mark.django_db
SPRING = datetime(2019, 6, 10, 9, tzinfo=UTC)
IN_TIME = datetime(2019, 7, 15, 10, 59, 59, 900_000, tzinfo=UTC)
CLOSING = datetime(2019, 7, 15, 11, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TYPED = {
    QuestionKind.SHORT_TEXT: "Barnsley streets, ŵ and all",
    QuestionKind.LONG_TEXT: "It began in two wards.\r\nIt grew.",
    QuestionKind.YES_NO: "yes",
}


@pytest.fixture
def call(roles, move_clock):
    move_clock(SPRING)
    call_command("load_councils", verbosity=0)
    call_command("load_pilot", verbosity=0)
    for name, domain in (("Barnsley", "barnsley.gov.uk"), ("Oxford", "oxford.gov.uk")):
        CouncilDomain.objects.create(council=Council.objects.get(name=name), domain=domain)
    return Call.objects.get(cohort__slug="pilot-2019")


def latest_code(email):
    text = OutboundEmail.objects.filter(recipient=email, lane="codes").latest("pk").text
    return re.search(r"\b[A-Z0-9]{3,4}-?[A-Z0-9]{3,4}\b", text).group()


def register(email, name):
    browser = Client()
    browser.post(reverse("account_signup"), {"email": email, "full_name": name, "job_title": "Head of Change"})
    browser.post(reverse("account_email_verification_sent"), {"code": latest_code(email)})
    return browser


def sign_in(browser, email):
    browser.post(reverse("account_request_login_code"), {"email": email})
    browser.post(reverse("account_confirm_login_code"), {"code": latest_code(email)})


def answer_eligibility(browser, call, council_name):
    """Answer the short pages; return the page that the council's name led to."""
    at = f"/calls/{call.slug}/start/"
    browser.post(at, {"lead": "council"})
    found = browser.post(f"{at}council/", {"council": council_name})
    browser.post(found.url)
    browser.post(f"{at}initiative/", {"initiative": "live"})
    browser.post(f"{at}people/", {"people": "yes"})
    return found.url


def begin(call, council_name, email):
    """Register, answer the short pages, ask to act for the council and start the EoI."""
    browser = register(email, "Chris Ward")
    council = answer_eligibility(browser, call, council_name).strip("/").split("/")[-1]
    address = reverse("applications:begin", args=[call.slug])
    assert reverse("cohort:request") in browser.get(address).url
    browser.post(reverse("cohort:request"), {"council": council, "next": address})
    started = browser.post(address)
    return browser, Application.objects.get(reference=started.url.strip("/").split("/")[-1])


def write_everything(browser, application):
    for section in application.call.sections.prefetch_related("questions"):
        data = {"revision": "0", "action": "continue", "completed": "yes"}
        for question in section.questions.all():
            name = question.field_name
            if question.kind == QuestionKind.DATE:
                data |= {f"{name}_day": "1", f"{name}_month": "Mar", f"{name}_year": "2019"}
            elif question.options:
                data[name] = question.options[0]
            else:
                data[name] = TYPED[question.kind]
        response = browser.post(reverse("applications:section", args=[application.reference, section.slug]), data)
        assert response.status_code == 302, section.slug


def submit(browser, application):
    browser.post(reverse("applications:check", args=[application.reference]), {"agree": "on"})
    application.refresh_from_db()
    return application.status


@pytest.fixture
def barnsley(call):
    browser, application = begin(call, "Barnsley", "chris.ward@barnsley.gov.uk")
    write_everything(browser, application)
    return browser, application


def test_a_tenth_of_a_second_before_midday_is_in_time(barnsley, move_clock):
    browser, application = barnsley
    move_clock(IN_TIME)
    sign_in(browser, "chris.ward@barnsley.gov.uk")
    assert submit(browser, application) == ApplicationStatus.SUBMITTED
    receipt = browser.get(reverse("applications:receipt", args=[application.reference])).content.decode()
    assert application.reference == "UC19-0001"
    assert "UC19-0001" in receipt
    assert "11:59:59am on 15 July 2019" in receipt
    mail = OutboundEmail.objects.get(kind="application-submitted")
    assert (mail.recipient, mail.attachment) == ("chris.ward@barnsley.gov.uk", "expression-of-interest")
    assert application.answers.filter(value=TYPED[QuestionKind.SHORT_TEXT]).exists()


def test_midday_itself_is_too_late_and_the_draft_stays_readable(barnsley, move_clock):
    browser, application = barnsley
    move_clock(CLOSING)
    sign_in(browser, "chris.ward@barnsley.gov.uk")
    assert submit(browser, application) == ApplicationStatus.DRAFT
    assert application.attempts.get().outcome == "late"
    page = browser.get(reverse("applications:eoi", args=[application.reference])).content.decode()
    assert "midday on Monday 15 July 2019" in page
    assert "Applications have closed" in browser.get(f"/calls/{application.call.slug}/").content.decode()


def test_more_time_for_one_council_moves_its_midday_only(barnsley, move_clock):
    browser, application = barnsley
    until = CLOSING + timedelta(days=2)
    asked = request_extension(
        call_id=application.call_id, council_id=application.council_id, until=until, reason="A flood", by=StaffFactory()
    )
    approve_extension(extension_id=asked.pk, by=StaffFactory())
    assert "midday on Wednesday 17 July 2019" in OutboundEmail.objects.get(kind="extension-approved").text
    move_clock(until - SECOND)
    sign_in(browser, "chris.ward@barnsley.gov.uk")
    assert submit(browser, application) == ApplicationStatus.SUBMITTED
    oxford = Council.objects.get(name="Oxford").pk
    assert Call.objects.with_deadline_for(oxford).get(pk=application.call_id).deadline == CLOSING


def test_oxford_is_not_oxfordshire(call):
    browser = Client()
    assert Council.objects.get(code=answer_eligibility(browser, call, "Oxford").strip("/").split("/")[-1]).name == "Oxford"
    found = answer_eligibility(browser, call, "oxfordshire county council")
    assert Council.objects.get(code=found.strip("/").split("/")[-1]).name == "Oxfordshire"


def test_a_council_that_was_made_later_is_not_there_yet(call):
    browser = Client()
    browser.post(f"/calls/{call.slug}/start/", {"lead": "council"})
    page = browser.post(f"/calls/{call.slug}/start/council/", {"council": "North Northamptonshire"})
    assert page.status_code == 200
    assert not Application.objects.exists()


def test_a_third_sector_lead_meets_advice(call):
    page = Client().post(f"/calls/{call.slug}/start/", {"lead": "third-sector"}, follow=True).content.decode()
    assert "partner" in page
    assert "There is a problem" not in page


def test_a_council_that_withdraws_can_start_again(barnsley):
    browser, application = barnsley
    withdraw_application(application_id=application.pk, reason="", by=application.created_by)
    again = browser.post(reverse("applications:begin", args=[application.call.slug]))
    assert again.url.endswith("UC19-0002/")


def test_every_reminder_goes_once_and_none_after_submitting(barnsley, move_clock):
    browser, application = barnsley
    kinds = OutboundEmail.objects.filter(kind="draft-deadline")
    for before, sent in ((timedelta(days=14), 1), (timedelta(days=3), 2), (timedelta(hours=24), 3)):
        for moment, number in ((-SECOND, sent - 1), (SECOND, sent), (2 * SECOND, sent)):
            move_clock(CLOSING - before + moment)
            send_due(CLOSING - before + moment)
            assert kinds.count() == number
    assert "midday on Monday 15 July 2019" in kinds.first().text
    sign_in(browser, "chris.ward@barnsley.gov.uk")
    submit(browser, application)
    assert set(kinds.values_list("status", flat=True)) == {"suppressed"}
    move_clock(CLOSING - timedelta(hours=2) + SECOND)
    send_due(CLOSING - timedelta(hours=2) + SECOND)
    assert kinds.count() == 3


def test_at_closing_the_draft_holder_and_the_staff_are_told(barnsley, move_clock):
    staff = StaffFactory()
    move_clock(CLOSING + timedelta(minutes=1))
    send_due(CLOSING + timedelta(minutes=1))
    notice = OutboundEmail.objects.get(kind="call-closed")
    digest = OutboundEmail.objects.get(kind="closing-digest")
    assert notice.recipient == "chris.ward@barnsley.gov.uk"
    assert digest.recipient == staff.email
    assert "Drafts not submitted: 1" in digest.text

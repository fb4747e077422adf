"""The office's page of one expression of interest."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from applications.models import Application
from applications.services.eoi import attach_file, save_section
from applications.services.extensions import approve_extension, request_extension
from applications.services.submission import submit_application, withdraw_application
from applications.states import QuestionKind
from tests.applications.conftest import question
from tests.factories import ContactFactory, StaffFactory, UserFactory
from upstream.correspondence.models import OutboundEmail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


@pytest.fixture
def staff(roles):
    return StaffFactory()


@pytest.fixture
def read(client, staff):
    client.force_login(staff)

    def page(application):
        return client.get(reverse("admin:applications_application_change", args=[application.pk])).content.decode()

    return page


def test_staff_read_what_the_council_wrote_and_whatever_happened(read, whole, officer):
    colleague = ContactFactory(council=whole.council).user
    picture = BytesIO()
    Image.new("RGB", (2, 2)).save(picture, "PNG")
    letter = SimpleUploadedFile("letter.png", picture.getvalue(), "image/png")
    file = attach_file(application_id=whole.pk, question=question(whole, QuestionKind.FILE), upload=letter, revision=1, by=officer)
    submit_application(application_id=whole.pk, by=officer)
    page = read(whole)
    receipt = OutboundEmail.objects.about(whole).filter(recipient=colleague.email).get()
    for words in (
        "What is the evidence?",
        "It worked in two wards.",
        reverse("documents:download", args=[file.pk]),
        "letter.png",
        reverse("applications:pdf", args=[whole.reference]),
        colleague.email,
        Application.objects.get().content_hash,
        "Accepted",
        reverse("admin:correspondence_outboundemail_change", args=[receipt.pk]),
        "Started",
        "File attached",
        officer.full_name,
    ):
        assert words in page, words
    assert "<textarea" not in page
    assert "Ask for more time" not in page


def test_every_press_is_listed_with_what_was_missing(read, draft, officer):
    submit_application(application_id=draft.pk, by=officer)
    page = read(draft).split('id="attempts"')[1].split('id="messages"')[0]
    assert "Answers were missing" in page
    assert "What is the evidence?" in page
    assert "Is it live?" not in page


def test_an_extension_is_told_with_the_deadline_it_makes(read, draft, staff):
    until = draft.call.closes_at.replace(year=2037, month=7, day=15, hour=11, minute=0)
    extension = request_extension(call_id=draft.call_id, council_id=draft.council_id, until=until, reason="Flood", by=UserFactory())
    assert "Waiting for approval" in read(draft)
    approve_extension(extension_id=extension.pk, by=staff)
    page = read(draft)
    assert page.count("Midday on Wednesday 15 July 2037") == 2
    assert "Flood" in page


def test_a_withdrawn_eoi_says_why(read, whole, officer):
    withdraw_application(application_id=whole.pk, reason="We merge with our neighbour.", by=officer)
    assert "We merge with our neighbour." in read(whole)


def test_what_a_council_wrote_is_never_markup(read, draft, officer):
    asked = question(draft, QuestionKind.LONG_TEXT)
    text = "<script>alert(1)</script>"
    save_section(application_id=draft.pk, section=asked.section, revision=0, values={asked.pk: text}, completed=False, by=officer)
    assert "&lt;script&gt;alert(1)" in read(draft)
    assert text not in read(draft)


@pytest.mark.parametrize("times", [1, 8])
def test_the_page_takes_under_twenty_queries_however_much_has_happened(read, whole, officer, times, django_assert_max_num_queries):
    for _ in range(times):
        ContactFactory(council=whole.council)
        submit_application(application_id=whole.pk, by=ContactFactory(council=whole.council).user)
    read(whole)
    with django_assert_max_num_queries(19):
        read(whole)


def test_there_is_no_page_for_what_does_not_exist_and_nothing_is_posted_to_it(client, staff, draft):
    client.force_login(staff)
    url = reverse("admin:applications_application_change", args=[draft.pk])
    assert client.get(url.replace(f"/{draft.pk}/", "/999999/")).status_code == 404
    assert client.post(url, {"status": "accepted"}).status_code == 405

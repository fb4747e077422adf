"""The office's page of one expression of interest."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from applications.models import Application, InterviewSheet, Letter
from applications.services.eoi import attach_file, save_section
from applications.services.extensions import approve_extension, request_extension
from applications.services.submission import submit_application, withdraw_application
from applications.states import QuestionKind
from tests.applications.conftest import question
from tests.factories import ContactFactory, UserFactory
from tests.factories.judging import DecisionFactory, InterviewFactory, PanelFactory, ReviewFactory
from upstream.correspondence.models import OutboundEmail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


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
def test_the_page_takes_no_more_queries_however_much_has_happened(read, whole, officer, times, django_assert_max_num_queries):
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


def test_the_page_leads_to_everything_that_judges_it(read, staff):
    review = ReviewFactory()
    eoi = review.assignment.application
    interview = InterviewFactory(application=eoi, slot__interviewer=staff)
    decision = DecisionFactory(application=eoi)
    letter = Letter.objects.create(decision=decision, subject="Your result", text="Text")
    pages = [
        reverse("admin:applications_assessment_compare", args=[eoi.pk]),
        reverse("admin:applications_interview_change", args=[interview.pk]),
        f"{reverse('admin:applications_review_changelist')}?q={eoi.reference}",
        reverse("admin:applications_call_scores", args=[eoi.call_id]),
        reverse("admin:applications_release_letter", args=[letter.pk]),
    ]
    assert all(page in read(eoi) for page in pages)
    assert "Shortlisted, not released yet" in read(eoi)
    # Who has yet to score the interview is led to it, and neither to the reviews nor to the scores.
    InterviewSheet.objects.create(interview=interview, interviewer=staff)
    assert [page in read(eoi) for page in pages] == [True, True, False, False, True]


def test_the_page_leads_nowhere_that_the_reader_may_not_follow(client):
    reader = UserFactory(is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_application"))
    client.force_login(reader)
    eoi = ReviewFactory().assignment.application
    InterviewFactory(application=eoi)
    Letter.objects.create(decision=DecisionFactory(application=eoi), subject="Your result", text="Text")
    page = client.get(reverse("admin:applications_application_change", args=[eoi.pk]))
    assert page.context["judging"] == []
    assert "How it is judged" not in page.text


def test_a_draft_is_not_judged(read, draft):
    assert "How it is judged" not in read(draft)


@pytest.mark.parametrize("opened", [True, False])
def test_a_calls_page_leads_to_the_work_on_it_once_it_has_opened(client, staff, opened):
    client.force_login(staff)
    moment = timezone.now() + timedelta(days=-1 if opened else 1)
    panel = PanelFactory(call__opens_at=moment)
    call = panel.call
    page = client.get(reverse("admin:applications_call_change", args=[call.pk])).text
    addresses = [reverse(f"admin:applications_{name}_changelist") for name in ("application", "assessment", "release", "interview")]
    addresses.append(reverse("admin:applications_assessment_board"))
    links = [f'"{address}?call={call.pk}"' for address in addresses]
    links.append(f'"{reverse("admin:applications_panel_change", args=[panel.pk])}"')
    links += [f'"{reverse(f"admin:applications_call_{name}", args=[call.pk])}"' for name in ("scores", "reliability")]
    assert [link for link in links if link in page] == (links if opened else [])
    for link in links if opened else ():
        assert client.get(link.strip('"')).status_code == 200
    panel.delete()
    page = client.get(reverse("admin:applications_call_change", args=[call.pk])).text
    assert (f'"{reverse("admin:applications_panel_add")}?call={call.pk}"' in page) == opened

"""The public pages of a call."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from applications.models import Application, Question
from applications.states import ApplicationStatus, QuestionKind
from tests.factories import ApplicationFactory, CallFactory, ContactFactory, CriterionFactory, QuestionFactory, SectionFactory, StaffFactory

pytestmark = pytest.mark.django_db

PAGES = ("call", "questions", "questions_pdf", "terms")


def page(client, name, slug="pilot-2019", **kwargs):
    return client.get(reverse(f"applications:{name}", args=[slug]), **kwargs)


@pytest.fixture
def pilot():
    call_command("load_pilot")


def test_the_open_pilot_says_when_it_closes_and_what_is_left(client, pilot, move_clock):
    move_clock(datetime(2019, 7, 12, 7, tzinfo=UTC))
    text = page(client, "call").content.decode()
    assert "Midday on Monday 15 July 2019" in text
    assert "3 days and 4 hours left" in text
    assert "by Monday 19 August 2019" in text
    assert text.count(reverse("applications:start", args=["pilot-2019"])) == 2
    assert "Applications have closed" not in text


def test_the_call_opens_and_closes_to_the_moment(client, pilot, move_clock):
    start = reverse("applications:start", args=["pilot-2019"])
    for moment, is_open in [
        (datetime(2019, 6, 3, 7, 59, 59, 999999, tzinfo=UTC), False),
        (datetime(2019, 6, 3, 8, tzinfo=UTC), True),
        (datetime(2019, 7, 15, 10, 59, 59, 999999, tzinfo=UTC), True),
        (datetime(2019, 7, 15, 11, tzinfo=UTC), False),
    ]:
        move_clock(moment)
        assert (start in page(client, "call").content.decode()) is is_open, moment


def test_a_closed_call_says_so_and_has_no_way_in(client, pilot):
    text = page(client, "call").content.decode()
    assert "Applications have closed" in text
    assert "midday on Monday 15 July 2019" in text
    assert " left<" not in text


def test_the_questions_show_introductions_as_the_form_does_and_say_which_files_it_takes(client):
    section = SectionFactory(intro="Write **plainly**.")
    QuestionFactory(section=section, kind=QuestionKind.FILE, hint="On one page.")
    text = page(client, "questions", section.call.slug).content.decode()
    assert "Write <strong>plainly</strong>." in text
    assert "On one page." in text
    assert "A file: PDF, Word (DOCX), PNG or JPEG, smaller than 10MB." in text
    pdf = PdfReader(BytesIO(page(client, "questions_pdf", section.call.slug).content)).pages[0].extract_text()
    assert "Write plainly." in pdf
    assert "smaller than 10MB" in pdf


def test_the_call_leads_whoever_has_an_eoi_in_it_to_that(client):
    application = ApplicationFactory()
    start = reverse("applications:start", args=[application.call.slug])
    client.force_login(ContactFactory().user)
    assert "Go to your expression of interest" not in page(client, "call", application.call.slug).content.decode()
    client.force_login(ContactFactory(council=application.council).user)
    text = page(client, "call", application.call.slug).content.decode()
    assert text.count("Go to your expression of interest") == 2
    assert f'govuk-button--start" href="{start}"' not in text
    assert f'href="{start}">Start one for another council' in text
    home = client.get("/").content.decode()
    assert f'Go to your expression of interest <span class="up-whole">{application.reference}</span>' in home
    Application.objects.update(status=ApplicationStatus.WITHDRAWN, withdrawn_at=timezone.now())
    assert "Go to your expression of interest" not in page(client, "call", application.call.slug).content.decode()
    assert "Withdrawn at" in client.get("/").content.decode()


def test_the_deadline_and_the_way_in_come_before_the_text(client, pilot, move_clock):
    move_clock(datetime(2019, 7, 12, 7, tzinfo=UTC))
    text = page(client, "call").content.decode()
    assert text.index("3 days and 4 hours left") < text.index("What this is about")


def test_a_call_that_is_not_open_yet_says_when_it_opens(client, pilot, move_clock):
    move_clock(datetime(2019, 6, 1, tzinfo=UTC))
    assert "Opens at 9am on Monday 3 June 2019" in page(client, "call").content.decode()


def test_the_call_page_shows_each_criterion_with_its_weight(client, pilot):
    text = page(client, "call").content.decode()
    assert "Fit with the focus areas" in text
    assert "25%" in text
    assert "England, Scotland, Wales and Northern Ireland" in text


def test_every_question_is_on_one_page_with_its_limit_and_choices(client, pilot):
    text = page(client, "questions").content.decode()
    assert text.count("Up to 300 words") == 2
    assert "Community wealth building" in text
    assert "Who are your partners? (optional)" in text


def test_the_terms_show_their_version(client, pilot):
    text = page(client, "terms").content.decode()
    assert "Version 1.0" in text
    assert "accepts these terms" in text


@pytest.mark.parametrize("name", PAGES)
def test_the_public_cannot_see_an_unpublished_call(client, name):
    call = CallFactory(published_at=None)
    assert page(client, name, call.slug).status_code == 404


@pytest.mark.parametrize("name", ["call", "questions", "terms"])
def test_staff_see_an_unpublished_call_and_are_told_so(client, roles, name):
    call = CallFactory(published_at=None)
    client.force_login(StaffFactory())
    assert "This call is not published" in page(client, name, call.slug).content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_a_call_only_answers_reading(client, pilot, name):
    assert client.post(reverse(f"applications:{name}", args=["pilot-2019"])).status_code == 405


def test_markup_in_a_text_is_shown_not_run(client):
    call = CallFactory(about="<script>alert(1)</script>", title="<b>Call</b>", timeline="<i>May</i> | <u>Talk</u>")
    text = page(client, "call", call.slug).content.decode()
    for raw in ("<script>alert", "<b>Call", "<i>May", "<u>Talk"):
        assert raw not in text


def test_the_pages_take_as_many_queries_for_fifty_questions_as_for_five(client, django_assert_num_queries):
    for size in (5, 50):
        call = CallFactory(closes_at=datetime.now(UTC) + timedelta(days=9), cohort__confirmations_due_on=date(2030, 1, 1))
        for number in range(size):
            QuestionFactory(section=SectionFactory(call=call), criterion=CriterionFactory(call=call, weight=number))
        with django_assert_num_queries(3):
            page(client, "call", call.slug)
        with django_assert_num_queries(5):
            page(client, "questions", call.slug)


def pdf_text(response):
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(response.content)).pages)


def test_the_questions_come_as_a_pdf_that_keeps_up_with_them(client, pilot):
    response = page(client, "questions_pdf")
    assert response["Content-Type"] == "application/pdf"
    assert "pilot-2019-questions.pdf" in response["Content-Disposition"]
    text = pdf_text(response)
    assert "midday on Monday 15 July 2019" in text
    assert "What is different about the operating model?" in text
    Question.objects.filter(text="Who are your partners?").update(hint="A hint that was bettered.")
    assert "A hint that was bettered." in pdf_text(page(client, "questions_pdf"))

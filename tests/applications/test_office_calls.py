"""Calls in the office."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from applications.models import Answer, Call, Question
from applications.states import QuestionKind
from cohort.states import Nation
from tests.factories import (
    ApplicationFactory,
    CallFactory,
    ContactFactory,
    CriterionFactory,
    QuestionFactory,
    SectionFactory,
    StaffFactory,
    UserFactory,
)
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


@pytest.fixture
def office(client):
    client.force_login(StaffFactory())
    return client


def url(name, call):
    return reverse(f"admin:applications_call_{name}", args=[call.pk])


def ready_call():
    call = CallFactory(published_at=None)
    CriterionFactory(call=call)
    QuestionFactory(section=SectionFactory(call=call))
    return call


def posted(page, **changes):
    """Return what a browser would send from an admin page, with changes."""
    data = {}
    forms = [page.context["adminform"].form, *(formset for inline in page.context["inline_admin_formsets"] for formset in [inline.formset])]
    for part in forms:
        for form in [part] if not hasattr(part, "management_form") else [part.management_form, *part.forms]:
            for bound in form:
                value = bound.value()
                if hasattr(bound.field, "fields"):
                    values = bound.field.widget.decompress(value)
                    data |= {f"{bound.html_name}_{index}": piece or "" for index, piece in enumerate(values)}
                elif value is not None and value is not False:
                    data[bound.html_name] = value
    return data | changes


def test_staff_publish_a_call_after_confirming(office):
    call = ready_call()
    assert "hints, introductions" in office.get(url("publish", call)).content.decode()
    call.refresh_from_db()
    assert not call.is_frozen
    office.post(url("publish", call))
    call.refresh_from_db()
    assert call.is_frozen


def test_a_call_that_is_not_ready_says_why_on_the_page(office):
    call = CallFactory(published_at=None)
    page = office.post(url("publish", call)).content.decode()
    assert "add up to 100. They add up to 0" in page
    assert "Add at least one section" in page


def test_staff_unpublish_a_call_that_has_not_opened(office):
    call = CallFactory(opens_at=timezone.now() + timedelta(days=1))
    office.post(url("unpublish", call))
    call.refresh_from_db()
    assert not call.is_frozen


def test_finance_can_neither_see_nor_publish_a_call(client):
    finance = UserFactory(is_staff=True)
    finance.groups.add(Group.objects.get(name="Finance"))
    client.force_login(finance)
    call = ready_call()
    for name, status in (("publish", 404), ("unpublish", 404), ("preview", 404), ("change", 403)):
        assert client.post(url(name, call)).status_code == status, name
    call.refresh_from_db()
    assert not call.is_frozen


def test_a_change_is_saved_and_recorded(office):
    call = ready_call()
    page = office.get(url("change", call))
    assert office.post(url("change", call), posted(page, title="A better title")).status_code == 302
    call.refresh_from_db()
    assert call.title == "A better title"
    entry = Entry.objects.about(call).get()
    assert (entry.verb, entry.data) == ("call.changed", {"fields": ["title"]})


def test_the_agreement_is_written_after_the_call_was_published(office):
    call = CallFactory(closes_at=timezone.now().replace(microsecond=0) - timedelta(days=1))
    page = office.get(url("change", call))
    assert office.post(url("change", call), posted(page, agreement="Two people take part.", agreement_version="1.1")).status_code == 302
    call.refresh_from_db()
    assert (call.agreement, call.agreement_version) == ("Two people take part.", "1.1")
    assert Entry.objects.about(call).get().data == {"fields": ["agreement", "agreement_version"]}


def test_anchors_are_six_lines(office):
    call = ready_call()
    page = office.get(url("change", call))
    assert office.post(url("change", call), posted(page, **{"criteria-0-anchors": "a\nb"})).status_code == 200
    office.post(url("change", call), posted(page, **{"criteria-0-anchors": "a, with a comma\nb\nc\nd\ne\nf"}))
    assert call.criteria.get().anchors == ["a, with a comma", "b", "c", "d", "e", "f"]


def test_a_published_call_shows_its_form_frozen(office):
    call = QuestionFactory().section.call
    page = office.get(url("change", call))
    assert "frozen" in page.content.decode()
    sections = next(inline for inline in page.context["inline_admin_formsets"] if inline.formset.prefix == "sections")
    assert list(sections.formset.forms[0].fields) == ["intro", "id", "call"]
    assert not sections.has_add_permission


def test_only_the_hint_of_a_frozen_question_is_taken(office):
    question = QuestionFactory(text="As it was?")
    page_url = reverse("admin:applications_section_change", args=[question.section_id])
    page = office.get(page_url)
    office.post(page_url, posted(page, **{"questions-0-hint": "Better", "questions-0-text": "Changed?", "questions-0-DELETE": "on"}))
    question.refresh_from_db()
    assert (question.hint, question.text) == ("Better", "As it was?")


def test_a_published_call_can_close_later_and_never_earlier(office):
    call = QuestionFactory().section.call
    page = office.get(url("change", call))
    for days, status in ((-1, 200), (1, 302)):
        moved = closing(call.closes_at + timedelta(days=days))
        assert office.post(url("change", call), posted(page, **moved)).status_code == status


def closing(moment):
    moment = timezone.localtime(moment)
    return {"closes_at_0": f"{moment:%Y-%m-%d}", "closes_at_1": f"{moment:%H:%M:%S}"}


def test_moving_a_published_closing_tells_councils_once(office):
    draft = ApplicationFactory(call=QuestionFactory().section.call)
    contact = ContactFactory(council=draft.council)
    page = office.get(url("change", draft.call))
    assert "sends an email to everybody" in page.content.decode()
    changes = closing(draft.call.closes_at + timedelta(days=1)) | {"title": "A better title"}
    for _ in range(2):
        assert office.post(url("change", draft.call), posted(page, **changes)).status_code == 302
    message = OutboundEmail.objects.get()
    assert (message.kind, message.recipient) == ("closing-moved", contact.user.email)
    assert "A better title" in message.subject
    assert [entry.verb for entry in Entry.objects.about(draft.call)] == ["call.closing_moved", "call.changed", "call.changed"]


def test_moving_the_closing_of_a_call_in_preparation_tells_nobody(office):
    call = ready_call()
    page = office.get(url("change", call))
    later = call.closes_at + timedelta(days=1)
    assert "sends an email to everybody" not in page.content.decode()
    assert office.post(url("change", call), posted(page, **closing(later))).status_code == 302
    assert Call.objects.get().closes_at == later.replace(microsecond=0)
    assert [entry.verb for entry in Entry.objects.about(call)] == ["call.changed"]


def test_a_closing_that_somebody_else_moves_meanwhile_stays_moved(office, monkeypatch):
    call = QuestionFactory().section.call
    page = office.get(url("change", call))
    later = call.closes_at + timedelta(days=1)
    monkeypatch.setattr("applications.forms.calls.check_closing", lambda *_: Call.objects.update(closes_at=later))
    assert office.post(url("change", call), posted(page, title="A better title")).status_code == 302
    call.refresh_from_db()
    assert (call.title, call.closes_at) == ("A better title", later)


def test_a_closed_call_cannot_be_opened_again_by_its_date(office):
    call = CallFactory(closes_at=timezone.now() - timedelta(days=1))
    page = office.get(url("change", call))
    later = {"closes_at_0": "2040-01-01", "closes_at_1": "12:00:00"}
    assert "use an extension" in office.post(url("change", call), posted(page, **later)).content.decode()


def test_the_preview_shows_every_question_and_saves_nothing(office):
    call_command("load_pilot")
    call = Call.objects.get()
    page = office.get(url("preview", call)).content.decode()
    for question in Question.objects.all():
        assert f'name="{question.section.slug}-{question.field_name}' in page
    assert office.post(url("preview", call)).status_code == 200
    assert not Answer.objects.exists()


def test_a_new_call_starts_in_preparation(office):
    assert office.get(reverse("admin:applications_call_add")).status_code == 200


@pytest.mark.parametrize("published_at", [None, timezone.now()])
def test_the_pages_take_as_many_queries_for_fifty_questions_as_for_five(office, django_assert_max_num_queries, published_at):
    for size in (5, 50):
        section = SectionFactory(call__published_at=published_at)
        QuestionFactory.create_batch(size, section=section, criterion=CriterionFactory(call=section.call))
        with django_assert_max_num_queries(19):
            office.get(reverse("admin:applications_section_change", args=[section.pk]))
        with django_assert_max_num_queries(19):
            office.get(url("change", section.call))
        with django_assert_max_num_queries(12):
            office.get(url("preview", section.call))


def test_a_published_call_shows_what_is_settled_in_words(office):
    call = CallFactory(nations=[Nation.NORTHERN_IRELAND, Nation.ENGLAND])
    page = office.get(url("change", call)).content.decode()
    assert "England, Northern Ireland" in page
    assert "northern-ireland" not in page


def test_a_frozen_question_says_in_words_how_it_is_answered(office):
    question = QuestionFactory(kind=QuestionKind.ONE_OF, required=False, options=["Yes, we do", "Not yet"], hidden_from_panel=True)
    page = office.get(reverse("admin:applications_section_change", args=[question.section_id])).content.decode()
    for words in ("One of a list", "Optional", "Hidden from the panel", "- Yes, we do<br>- Not yet"):
        assert words in page
    assert "one_of" not in page


@pytest.mark.parametrize("number", [5, 50])
def test_the_list_asks_as_many_questions_for_fifty_as_for_five(office, number, django_assert_num_queries):
    CallFactory.create_batch(number)
    address = reverse("admin:applications_call_changelist")
    office.get(address)
    with django_assert_num_queries(8):
        assert len(office.get(address).context["cl"].result_list) == number

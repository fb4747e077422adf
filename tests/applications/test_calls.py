"""Preparing, publishing and freezing a call, and the pilot."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from applications.models import Application, Call, Question
from applications.services.calls import move_closing, publish_call, unpublish_call
from applications.services.pilot import load_pilot
from applications.states import ApplicationStatus, QuestionKind, QuestionPurpose
from cohort.models import FocusArea
from tests.factories import (
    ApplicationFactory,
    CallFactory,
    ContactFactory,
    CriterionFactory,
    QuestionFactory,
    SectionFactory,
    UserFactory,
)
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.services import add_to_outbox
from upstream.correspondence.states import EmailStatus
from upstream.deadlines import in_words
from upstream.transitions import InvalidTransition

pytestmark = pytest.mark.django_db


def ready_call(**fields):
    """Return an unpublished call that could be published."""
    call = CallFactory(**{"published_at": None} | fields)
    CriterionFactory(call=call)
    QuestionFactory(section=SectionFactory(call=call))
    return call


def test_the_pilot_closes_at_midday_on_monday_15_july_2019():
    call, created = load_pilot()
    assert created
    assert call.closes_at == datetime(2019, 7, 15, 11, tzinfo=UTC)
    assert in_words(call.closes_at) == "midday on Monday 15 July 2019"


def test_the_pilot_has_its_places_dates_criteria_and_questions():
    call_command("load_pilot")
    call = Call.objects.get(cohort__slug="pilot-2019")
    assert (call.cohort.places, call.cohort.delegates_per_council) == (20, 2)
    assert str(call.cohort.confirmations_due_on) == "2019-08-19"
    assert list(call.criteria.values_list("weight", flat=True)) == [25, 25, 15, 20, 15]
    assert all(len(criterion.anchors) == 6 for criterion in call.criteria.all())
    limits = Question.objects.filter(section__call=call, kind=QuestionKind.LONG_TEXT).values_list("word_limit", flat=True)
    assert list(limits) == [100, 100, 300, 300, 250, 250, 150, 100]
    assert call.is_frozen


def test_loading_the_pilot_twice_changes_nothing(capsys):
    load_pilot()
    before = list(Question.objects.values())
    call_command("load_pilot")
    assert "nothing was changed" in capsys.readouterr().out
    assert list(Question.objects.values()) == before
    assert Call.objects.count() == 1


def test_publishing_copies_the_lists_as_they_stand():
    FocusArea.objects.create(name="Prevention", position=1)
    FocusArea.objects.create(name="Power", position=2)
    FocusArea.objects.create(name="Retired", offered=False)
    call = ready_call()
    question = QuestionFactory(section__call=call, kind=QuestionKind.SOME_OF, purpose=QuestionPurpose.FOCUS_AREAS)
    publish_call(call_id=call.pk, by=UserFactory())
    FocusArea.objects.all().delete()
    question.refresh_from_db()
    assert question.options == ["Prevention", "Power"]


def test_publishing_is_recorded():
    call, person = ready_call(), UserFactory()
    publish_call(call_id=call.pk, by=person)
    assert Entry.objects.about(call).values_list("verb", "actor_id").get() == ("call.published", person.pk)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda call: call.criteria.update(weight=99), "add up to 100. They add up to 99"),
        (lambda call: Question.objects.filter(section__call=call).delete(), "Add a question to the section"),
        (lambda call: call.sections.all().delete(), "Add at least one section"),
        (lambda call: Call.objects.filter(pk=call.pk).update(nations=[]), "Select at least one nation"),
        (lambda call: call.cohort.__class__.objects.update(confirmations_due_on="2020-01-01"), "promised an answer"),
        (lambda call: Question.objects.update(kind=QuestionKind.ONE_OF, options=["Only"]), "at least two choices"),
        (lambda call: Question.objects.update(kind=QuestionKind.ONE_OF, options=["Same", "Same", "Other"]), "same choice twice"),
        (
            lambda call: [QuestionFactory(section__call=call, purpose=QuestionPurpose.TITLE) for _ in range(2)],
            "Only one question can be read as",
        ),
    ],
)
def test_a_call_that_is_not_ready_is_refused_with_the_reason(spoil, complaint):
    call = ready_call()
    spoil(call)
    with pytest.raises(ValidationError, match=complaint):
        publish_call(call_id=call.pk, by=UserFactory())
    call.refresh_from_db()
    assert not call.is_frozen


def test_a_refused_publication_leaves_the_choices_alone():
    FocusArea.objects.create(name="Prevention")
    call = ready_call()
    question = QuestionFactory(section__call=call, kind=QuestionKind.SOME_OF, purpose=QuestionPurpose.FOCUS_AREAS, options=["Old"])
    with pytest.raises(ValidationError):
        publish_call(call_id=call.pk, by=UserFactory())
    question.refresh_from_db()
    assert question.options == ["Old"]


def test_a_call_is_published_once():
    call = ready_call()
    publish_call(call_id=call.pk, by=None)
    with pytest.raises(InvalidTransition):
        publish_call(call_id=call.pk, by=None)


def test_a_call_that_has_not_opened_can_be_taken_back():
    call = ready_call(opens_at=timezone.now() + timedelta(days=1), published_at=timezone.now())
    assert unpublish_call(call_id=call.pk, by=UserFactory()).published_at is None


def test_an_open_call_cannot_be_taken_back():
    with pytest.raises(InvalidTransition):
        unpublish_call(call_id=CallFactory().pk, by=UserFactory())


def test_a_call_with_an_eoi_cannot_be_taken_back():
    call = CallFactory(opens_at=timezone.now() + timedelta(days=1))
    ApplicationFactory(call=call)
    with pytest.raises(InvalidTransition):
        unpublish_call(call_id=call.pk, by=UserFactory())


def with_people(application):
    """Return an EoI with somebody who acts for its council, and a reminder to them that waits to be sent."""
    contact = ContactFactory(council=application.council)
    add_to_outbox(
        key=f"reminder:{application.pk}", kind="draft-deadline", recipient=contact.user.email, subject="S", text="T", about=application
    )
    return application


def mail_about(application):
    """Return what has been queued about an EoI, as pairs of kind and status, in order."""
    return list(OutboundEmail.objects.about(application).order_by("pk").values_list("kind", "status"))


def test_a_closing_moved_later_is_told_to_everybody_with_a_draft():
    staff, call = UserFactory(), CallFactory()
    draft = with_people(ApplicationFactory(call=call))
    colleague = ContactFactory(council=draft.council).user
    old, new = call.closes_at, call.closes_at + timedelta(days=2)
    move_closing(call_id=call.pk, closes_at=new, by=staff)
    messages = OutboundEmail.objects.about(draft).filter(kind="closing-moved")
    assert {message.recipient for message in messages} == {draft.council.contacts.first().user.email, colleague.email}
    assert {message.use_by for message in messages} == {new}
    assert f"before **{in_words(new)}**" in messages[0].text
    assert f"/eoi/{draft.reference}/" in messages[0].text
    assert Application.objects.with_deadline().get(pk=draft.pk).deadline == new
    entry = Entry.objects.about(call).get()
    assert (entry.verb, entry.actor_id, entry.data) == (
        "call.closing_moved",
        staff.pk,
        {"old": old.isoformat(), "new": new.isoformat()},
    )


def test_what_names_an_old_closing_and_waits_is_called_off():
    call = CallFactory()
    draft = with_people(ApplicationFactory(call=call))
    for days in (1, 2):
        move_closing(call_id=call.pk, closes_at=call.closes_at + timedelta(days=days), by=UserFactory())
    suppressed, queued = EmailStatus.SUPPRESSED, EmailStatus.QUEUED
    assert mail_about(draft) == [("draft-deadline", suppressed), ("closing-moved", suppressed), ("closing-moved", queued)]


def test_a_council_whose_deadline_does_not_move_hears_nothing():
    call = CallFactory()
    new = call.closes_at + timedelta(days=2)
    given = {"requested_by": UserFactory(), "approved_by": UserFactory(), "approved_at": timezone.now(), "reason": "Flood"}
    with_more, with_less, withdrawn = (with_people(ApplicationFactory(call=call)) for _ in range(3))
    elsewhere = with_people(ApplicationFactory())
    call.extensions.create(council=with_more.council, until=new, **given)
    call.extensions.create(council=with_less.council, until=new - timedelta(days=1), **given)
    Application.objects.filter(pk=withdrawn.pk).update(status=ApplicationStatus.WITHDRAWN)
    move_closing(call_id=call.pk, closes_at=new, by=UserFactory())
    for application in (with_more, withdrawn, elsewhere):
        assert mail_about(application) == [("draft-deadline", EmailStatus.QUEUED)]
    assert len(mail_about(with_less)) == 2


def test_an_earlier_closing_is_refused_and_nobody_hears_of_it():
    call = CallFactory()
    draft = with_people(ApplicationFactory(call=call))
    with pytest.raises(ValidationError, match="only close later"):
        move_closing(call_id=call.pk, closes_at=call.closes_at - timedelta(seconds=1), by=UserFactory())
    assert len(mail_about(draft)) == 1


@pytest.fixture
def frozen():
    """A published call's section, question and criterion."""
    question = QuestionFactory()
    criterion = CriterionFactory(call=question.section.call)
    return {"question": question, "section": question.section, "criterion": criterion}


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("question", {"text": "Another question?"}),
        ("question", {"required": False}),
        ("question", {"kind": QuestionKind.DATE}),
        ("question", {"options": ["New"]}),
        ("section", {"title": "Another title"}),
        ("criterion", {"weight": 1}),
    ],
)
def test_the_database_refuses_to_change_a_published_form(frozen, part, change):
    rows = type(frozen[part]).objects.filter(pk=frozen[part].pk)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        rows.update(**change)


@pytest.mark.parametrize("part", ["question", "section", "criterion"])
def test_the_database_refuses_to_remove_from_a_published_form(frozen, part):
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        frozen[part].delete()


def test_the_database_refuses_to_add_to_a_published_form(frozen):
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Question.objects.create(section=frozen["section"], text="One more?", kind=QuestionKind.DATE)


def test_the_database_refuses_to_move_a_question_into_a_published_form(frozen):
    loose = QuestionFactory(section__call__published_at=None)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Question.objects.filter(pk=loose.pk).update(section=frozen["section"])


@pytest.mark.parametrize(
    ("part", "change"),
    [("question", {"hint": "Better"}), ("section", {"intro": "Better"}), ("criterion", {"anchors": ["Nothing"] * 6})],
)
def test_guidance_in_a_published_form_can_be_bettered(frozen, part, change):
    assert type(frozen[part]).objects.filter(pk=frozen[part].pk).update(**change) == 1


def test_the_form_of_an_unpublished_call_can_change():
    question = QuestionFactory(section__call__published_at=None)
    assert Question.objects.filter(pk=question.pk).update(text="Another question?") == 1
    question.section.delete()
    assert not Question.objects.exists()

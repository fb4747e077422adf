"""Preparing a call, publishing it and taking it back."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from applications.models import Application, Call, InterviewQuestion, Question, Section
from applications.notifications import eoi as notifications
from applications.states import ApplicationStatus, QuestionKind, QuestionPurpose
from cohort.models import Cohort, FocusArea, ServiceArea
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.transitions import InvalidTransition

FULL_WEIGHT = 100
LISTS = {QuestionPurpose.FOCUS_AREAS: FocusArea, QuestionPurpose.SERVICE_AREAS: ServiceArea}
CHOICES = {QuestionKind.ONE_OF, QuestionKind.SOME_OF}
READ_AS_TEXT = {QuestionPurpose.TITLE, QuestionPurpose.SUMMARY, QuestionPurpose.STAGE}


@transaction.atomic
def create_call(
    *, content: Mapping[str, Any], cohort: Cohort, opens_at: datetime, closes_at: datetime, by: User | None, **texts: str
) -> Call:
    """Create an unpublished call with its criteria, form and interview guide, from content laid out as in `data/pilot.toml`.

    `texts` replace the content's own.
    """
    call = Call.objects.create(cohort=cohort, **content["call"] | texts | {"opens_at": opens_at, "closes_at": closes_at})
    criteria = {
        criterion["name"]: call.criteria.create(**criterion, position=position) for position, criterion in enumerate(content["criteria"])
    }
    for position, section in enumerate(content["sections"]):
        row = call.sections.create(**{key: value for key, value in section.items() if key != "questions"}, position=position)
        Question.objects.bulk_create(
            Question(**question | {"section": row, "criterion": criteria.get(question.get("criterion")), "position": place})
            for place, question in enumerate(section["questions"])
        )
    InterviewQuestion.objects.bulk_create(
        InterviewQuestion(call=call, **question, position=place) for place, question in enumerate(content.get("interview_questions", []))
    )
    record(actor=by, verb="call.created", subject=call)
    return call


@transaction.atomic
def publish_call(*, call_id: int, by: User | None) -> Call:
    """Show the call to the public and freeze its form. Locks the call.

    Focus and service areas are copied into their questions as the lists stand now. Raises ValidationError with everything
    that is still wrong, and InvalidTransition when it is published already.
    """
    call = Call.objects.select_for_update(no_key=True).get(pk=call_id)
    if call.is_frozen:
        message = "This call is already published."
        raise InvalidTransition(message)
    sections = list(call.sections.prefetch_related("questions"))
    _copy_lists(sections)
    if wrong := list(problems(call, sections)):
        raise ValidationError(wrong)
    call.published_at = clock.now()
    call.save(update_fields=["published_at"])
    record(actor=by, verb="call.published", subject=call)
    return call


@transaction.atomic
def unpublish_call(*, call_id: int, by: User) -> Call:
    """Take the call back into preparation. Locks the call. Raises InvalidTransition once it has opened or has an EoI."""
    call = Call.objects.select_for_update(no_key=True).get(pk=call_id)
    if not can_be_unpublished(call):
        message = "Only a published call that has not opened yet, and has no expressions of interest, can be unpublished."
        raise InvalidTransition(message)
    call.published_at = None
    call.save(update_fields=["published_at"])
    record(actor=by, verb="call.unpublished", subject=call)
    return call


def can_be_unpublished(call: Call) -> bool:
    """Return whether nobody can have started on the call's form yet."""
    return call.is_frozen and clock.now() < call.opens_at and not call.applications.exists()


def problems(call: Call, sections: list[Section]) -> Iterator[str]:
    """Yield every reason why the call cannot be published, in sentences for staff."""
    weights = sum(call.criteria.values_list("weight", flat=True))
    if weights != FULL_WEIGHT:
        yield f"The criteria's weights must add up to {FULL_WEIGHT}. They add up to {weights}."
    if not call.nations:
        yield "Select at least one nation."
    if call.opens_at >= call.closes_at:
        yield "The call must open before it closes."
    if call.closes_at.date() > call.cohort.confirmations_due_on:
        yield "The call must close before the day by which councils are promised an answer."
    if not sections:
        yield "Add at least one section."
    for section in sections:
        questions = list(section.questions.all())
        if not questions:
            yield f"Add a question to the section “{section}”, or remove it."
        for question in questions:
            yield from question_problems(question)
    yield from _repeated_purposes(sections)


def question_problems(question: Question) -> Iterator[str]:
    """Yield what keeps a question from being published."""
    if question.kind == QuestionKind.LONG_TEXT and not question.word_limit:
        yield f"Give the question “{question}” a word limit."
    if question.purpose in LISTS and question.kind != QuestionKind.SOME_OF:
        yield f"The question “{question}” is read as a list of areas, so it must be “{QuestionKind.SOME_OF.label}”."
    if question.purpose in READ_AS_TEXT and question.kind in {QuestionKind.SOME_OF, QuestionKind.FILE}:
        yield f"The question “{question}” is read as text, so it cannot be “{QuestionKind(question.kind).label}”."
    if question.kind in CHOICES and len(set(question.options)) < 2:  # noqa: PLR2004  (one is no choice)
        yield f"Give the question “{question}” at least two choices."
    if len(set(question.options)) < len(question.options):
        yield f"The question “{question}” has the same choice twice."


def _repeated_purposes(sections: list[Section]) -> Iterator[str]:
    purposes = [question.purpose for section in sections for question in section.questions.all() if question.purpose]
    for purpose in sorted(set(purposes)):
        if purposes.count(purpose) > 1:
            yield f"Only one question can be read as “{QuestionPurpose(purpose).label}”."


def _copy_lists(sections: list[Section]) -> None:
    for section in sections:
        for question in section.questions.all():
            if question.purpose in LISTS:
                entries = LISTS[QuestionPurpose(question.purpose)]._default_manager.filter(offered=True)
                question.options = list(entries.values_list("name", flat=True))
                question.save(update_fields=["options"])


@transaction.atomic
def move_closing(*, call_id: int, closes_at: datetime, by: User) -> Call:
    """Let a published call close later, and tell the councils with a draft whose deadline that moves. Locks the call.

    A council that has been given as much time or more hears nothing. Raises what `check_closing` raises.
    """
    call = Call.objects.select_for_update(no_key=True).get(pk=call_id)
    check_closing(call, closes_at)
    drafts = Application.objects.filter(call=call, status=ApplicationStatus.DRAFT).select_related("call__cohort", "council")
    moved = list(drafts.with_deadline().filter(deadline__lt=closes_at))  # type: ignore[misc]
    told, call.closes_at = call.closes_at, closes_at
    call.save(update_fields=["closes_at"])
    notifications.closing_moved(call, moved)
    record(actor=by, verb="call.closing_moved", subject=call, old=told.isoformat(), new=closes_at.isoformat())
    return call


def check_closing(call: Call, closes_at: datetime) -> None:
    """Raise ValidationError when a published call would close earlier than councils were told, or open again after closing.

    Locks the call, so that the answer holds until the transaction ends.
    """
    published = Call.objects.select_for_update(no_key=True).filter(pk=call.pk, published_at__isnull=False)
    told = published.values_list("closes_at", flat=True).first()
    if told is None or closes_at == told:
        return
    if clock.now() >= told:
        message = "This call has closed. To give one council more time, use an extension."
        raise ValidationError(message)
    if closes_at < told:
        message = "Councils have been told a later moment. A published call can only close later, not earlier."
        raise ValidationError(message)

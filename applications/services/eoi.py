"""Writing an EoI: starting it, saving its sections, its files, and who has a section open."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import localdate

from applications.models import Answer, Application, Call, Question, Section, SectionPresence, SectionProgress
from applications.services.answers import problem
from applications.states import QuestionKind, QuestionPurpose
from cohort.models import Council
from cohort.services.contacts import lock_standing
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.documents.models import StoredFile
from upstream.documents.services import check_upload, remove_file, store_upload
from upstream.transitions import InvalidTransition

PRESENT_FOR = timedelta(minutes=2)


class CannotWrite(InvalidTransition):
    """The EoI can no longer be changed. The message says why, for the person to read."""


class RevisionConflict(Exception):
    """Somebody saved the section since this page was opened. Nothing was overwritten."""

    def __init__(self, progress: SectionProgress) -> None:
        super().__init__("The section was saved by somebody else")
        self.progress = progress


@transaction.atomic
def start_application(*, call_id: int, council_id: int, by: User) -> Application:
    """Return the council's live EoI, made as a draft if there is none. Locks the call, which numbers the references.

    Raises CannotWrite when the call is not open to this council, and NotPossible when the person does not act for it.
    """
    Call.objects.select_for_update(no_key=True).get(pk=call_id)
    lock_standing(user=by, council_id=council_id)
    live = Application.objects.live().filter(call=call_id, council=council_id).first()
    if live:
        return live
    call = Call.objects.select_related("cohort").with_deadline_for(council_id).get(pk=call_id)
    now = clock.now()
    if not call.has_opened(now) or now >= call.deadline:  # type: ignore[attr-defined]
        message = "This call is not open for applications."
        raise CannotWrite(message)
    council = covered_councils(call).filter(pk=council_id).first()
    if council is None:
        message = "This council is not covered by the call."
        raise CannotWrite(message)
    application = Application.objects.create(call=call, council=council, reference=_next_reference(call), created_by=by, created_at=now)
    record(actor=by, verb="application.started", subject=application, council=council.code)
    return application


def covered_councils(call: Call) -> QuerySet[Council]:
    """Return the councils that the call is for: those in its nations that exist on the day it closes."""
    return Council.objects.existing_on(localdate(call.closes_at)).filter(nation__in=call.nations)


def _next_reference(call: Call) -> str:
    # None is ever deleted, and the call is locked.
    return f"{call.cohort.reference_prefix}-{call.applications.count() + 1:04}"


def lock_draft(application_id: int, *, by: User) -> Application:
    """Lock the EoI and the person's standing, and return the EoI with its deadline, read after the lock.

    Raises CannotWrite unless it may still be changed, and NotPossible unless the person still acts for its council.
    """
    Application.objects.select_for_update(no_key=True).get(pk=application_id)
    application = Application.objects.select_related("call__cohort", "council").with_deadline().get(pk=application_id)
    lock_standing(user=by, council_id=application.council_id)
    if not application.is_draft:
        message = f"This expression of interest is now “{application.get_status_display()}” and can no longer be changed."
        raise CannotWrite(message)
    if clock.now() >= application.deadline:  # type: ignore[attr-defined]
        message = "Applications have closed, so this expression of interest can no longer be changed."
        raise CannotWrite(message)
    return application


@transaction.atomic
def save_section(
    *, application_id: int, section: Section, revision: int, values: dict[int, Any], completed: bool | None, by: User
) -> SectionProgress:
    """Keep the answers of one section and return its progress. `values` maps question ids to answers; files are kept apart.

    `completed` None leaves that mark as it is, but it never stays on a section with an answer that will not do.

    `revision` is the one the person's page was made from. Raises RevisionConflict when the section has moved on and says
    something else, and what `lock_draft` raises. Locks the EoI.
    """
    application = lock_draft(application_id, by=by)
    questions = {question.pk: question for question in section.questions.all()}
    stored = dict(application.answers.filter(question__in=questions).values_list("question_id", "value"))
    progress = _progress(application, section)
    values = {pk: value for pk, value in values.items() if pk in questions and questions[pk].kind != QuestionKind.FILE}
    unchanged = all(stored.get(pk, _empty(questions[pk])) == value for pk, value in values.items())
    if completed is None:
        completed = progress is not None and progress.completed
    completed = completed and not any(problem(question, (stored | values).get(pk)) for pk, question in questions.items())
    if progress and unchanged and progress.completed == completed:
        return progress
    if not unchanged:
        _check_revision(progress, revision)
        _write(application, questions, values)
    return _advance(application, section, completed=completed, by=by, progress=progress)


def _progress(application: Application, section: Section) -> SectionProgress | None:
    return application.progress.select_related("saved_by").filter(section=section).first()


def _check_revision(progress: SectionProgress | None, revision: int) -> None:
    if revision != (progress.revision if progress else 0):
        raise RevisionConflict(progress) if progress else CannotWrite("Reload the page and try again.")


def _empty(question: Question) -> Any:
    return [] if question.kind == QuestionKind.SOME_OF else ""


def _write(application: Application, questions: dict[int, Question], values: dict[int, Any]) -> None:
    rows = [Answer(application=application, question_id=pk, value=value) for pk, value in values.items()]
    Answer.objects.bulk_create(rows, update_conflicts=True, unique_fields=["application", "question"], update_fields=["value"])
    known = {questions[pk].purpose: value for pk, value in values.items() if questions[pk].purpose != QuestionPurpose.NONE}
    for column, value in known.items():
        # The answer itself is kept whole.
        length = Application._meta.get_field(column).max_length if isinstance(value, str) else None  # type: ignore[union-attr]
        setattr(application, column, value[:length])
    if known:
        application.save(update_fields=list(known))


def _advance(application: Application, section: Section, *, completed: bool, by: User, progress: SectionProgress | None) -> SectionProgress:
    progress = progress or SectionProgress(application=application, section=section)
    progress.revision += 1
    progress.completed = completed
    progress.saved_by = by
    progress.saved_at = clock.now()
    progress.save()
    return progress


@transaction.atomic
def attach_file(*, application_id: int, question: Question, upload: Any, revision: int, by: User) -> StoredFile:
    """Keep a file as the answer to a question, in place of the one before; the section's revision then counts one more.

    Raises UnacceptableFile with a sentence for the person, RevisionConflict when the section has moved on from `revision`, and
    what `lock_draft` raises. Locks the EoI.
    """
    checked = check_upload(upload)
    application = lock_draft(application_id, by=by)
    progress = _progress(application, question.section)
    _check_revision(progress, revision)
    answer, _ = Answer.objects.get_or_create(application=application, question=question, defaults={"value": ""})
    earlier = list(StoredFile.objects.owned_by(answer))
    _advance(application, question.section, completed=progress is not None and progress.completed, by=by, progress=progress)
    file = store_upload(owner=answer, kind="answer", upload=checked, by=by)
    answer.value = str(file.pk)
    answer.save(update_fields=["value"])
    for old in earlier:
        remove_file(file=old, by=by)
    return file


@transaction.atomic
def detach_file(*, application_id: int, question: Question, file: StoredFile, by: User) -> None:
    """Remove this file if it still answers the question: one that has come in its place stays. Locks the EoI.

    Raises what `lock_draft` raises.
    """
    application = lock_draft(application_id, by=by)
    answer = application.answers.filter(question=question, value=str(file.pk)).first()
    if answer is None:
        return
    answer.value = ""
    answer.save(update_fields=["value"])
    progress = _progress(application, question.section)
    completed = progress is not None and progress.completed and not question.required
    _advance(application, question.section, completed=completed, by=by, progress=progress)
    remove_file(file=file, by=by)


def note_presence(*, application_id: int, section: Section, by: User) -> list[str]:
    """Note that the person has the section open, and return the names of the others who have.

    Nothing of the EoI is written, so this takes no lock: a person removed just now is named for two minutes more.
    """
    now = clock.now()
    SectionPresence.objects.update_or_create(application_id=application_id, section=section, user=by, defaults={"seen_at": now})
    return others_present(application_id=application_id, section=section, user=by)


def others_present(*, application_id: int, section: Section, user: User) -> list[str]:
    """Return the names of the others who had the section open in the last two minutes."""
    present = SectionPresence.objects.filter(application_id=application_id, section=section, seen_at__gt=clock.now() - PRESENT_FOR)
    return [row.user.get_full_name() for row in present.exclude(user=user).select_related("user")]

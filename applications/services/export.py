"""Taking EoIs and interviews out of the system as a table."""

from collections.abc import Iterator
from datetime import date

from django.db import transaction
from django.db.models import QuerySet

from applications.models import Answer, Application, InterviewQuestion, InterviewSheet, Question
from applications.services.answers import Answered
from applications.states import QuestionKind
from cohort.states import Control
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.deadlines import MINUTE
from upstream.documents.models import StoredFile
from upstream.documents.spreadsheets import Cell

HEADINGS = (
    "Reference",
    "Council",
    "Code",
    "Kind of council",
    "Nation or region",
    "Nation",
    "Political control",
    "Status",
    "Submitted (UK time)",
    "Submitted by",
    "Withdrawn (UK time)",
)
CHUNK = 500


@transaction.atomic
def export_applications(*, applications: QuerySet[Application], file_format: str, by: User) -> Iterator[list[Cell]]:
    """Record which EoIs a person takes out, and return the table of exactly those. `applications` comes from `visible_to`."""
    taken = list(applications.values_list("pk", flat=True))
    record(actor=by, verb="applications.exported", subject=by, format=file_format, applications=taken)
    return table(Application.objects.filter(pk__in=taken))


def table(applications: QuerySet[Application]) -> Iterator[list[Cell]]:
    """Yield the headings and then a row for each EoI, in the order of their references. A column for each question of their calls."""
    in_calls = Question.objects.filter(section__call__in=applications.order_by().values("call")).select_related("section__call")
    questions = list(in_calls.order_by("section__call_id", "section__position", "position", "pk"))
    several_calls = len({question.section.call_id for question in questions}) > 1
    yield [*HEADINGS, *(f"{question.section.call}: {question}" if several_calls else question.text for question in questions)]
    files = files_of(applications)
    rows = applications.with_control().select_related("council", "submitted_by").prefetch_related("answers")  # type: ignore[attr-defined]
    for application in rows.iterator(chunk_size=CHUNK):
        answers = {answer.question_id: answer for answer in application.answers.all()}
        yield [*facts(application), *(shown(question, answers.get(question.pk), files) for question in questions)]


def files_of(applications: QuerySet[Application]) -> dict[int, StoredFile]:
    """Return the files that answer questions, by answer."""
    answers = Answer.objects.filter(application__in=applications.order_by().values("pk"), question__kind=QuestionKind.FILE)
    return {file.owner_id: file for file in StoredFile.objects.for_owners(Answer, answers.values_list("pk", flat=True))}


def facts(application: Application) -> list[Cell]:
    """Return what stands before the answers."""
    council, by = application.council, application.submitted_by
    return [
        application.reference,
        council.official_name,
        council.code,
        council.get_kind_display(),
        council.get_region_display(),
        council.get_nation_display(),
        Control(application.control).label,  # type: ignore[attr-defined]
        application.get_status_display(),
        application.submitted_at,
        f"{by.get_full_name()}, {by.email}" if by else None,
        application.withdrawn_at,
    ]


def shown(question: Question, answer: Answer | None, files: dict[int, StoredFile]) -> Cell:
    """Return an answer as people read it; a date as a date, a file by its name."""
    if answer and question.kind == QuestionKind.DATE:
        return date.fromisoformat(answer.value) if answer.value else None
    return "; ".join(Answered(question, answer.value, files.get(answer.pk)).lines) if answer else ""


INTERVIEW_HEADINGS = ("Reference", "Council", "Interview (UK time)", "Status", "Minutes", "Interviewer", "Submitted (UK time)")


@transaction.atomic
def export_interviews(*, sheets: QuerySet[InterviewSheet], file_format: str, by: User) -> Iterator[list[Cell]]:
    """Record which sheets a person takes out, and return the table of exactly those. `sheets` comes from `visible_to`."""
    taken = list(sheets.values_list("pk", flat=True))
    record(actor=by, verb="interviews.exported", subject=by, format=file_format, sheets=taken)
    return interview_table(InterviewSheet.objects.filter(pk__in=taken))


def interview_table(sheets: QuerySet[InterviewSheet]) -> Iterator[list[Cell]]:
    """Yield the headings and then a row for each sheet, by time. Two columns for each question of the guide: score and note."""
    calls = sheets.order_by().values("interview__application__call")
    questions = list(InterviewQuestion.objects.filter(call__in=calls).order_by("call", "position", "pk"))
    yield [*INTERVIEW_HEADINGS, *(heading for question in questions for heading in (f"Score: {question}", f"Note: {question}")), "Summary"]
    rows = sheets.select_related("interview__application__council", "interview__slot", "interviewer").prefetch_related("scores")
    for sheet in rows.order_by("interview__slot__starts_at", "interview", "pk").iterator(chunk_size=CHUNK):
        scores = {score.question_id: score for score in sheet.scores.all()}
        noted: list[tuple[Cell, Cell]] = [
            (scores[question.pk].score, scores[question.pk].note) if question.pk in scores else (None, None) for question in questions
        ]
        yield [*interview_facts(sheet), *(cell for pair in noted for cell in pair), sheet.summary]


def interview_facts(sheet: InterviewSheet) -> list[Cell]:
    """Return what stands before the scores."""
    interview, took = sheet.interview, sheet.interview.duration
    return [
        interview.application.reference,
        interview.application.council.official_name,
        interview.slot.starts_at,
        interview.get_status_display(),
        round(took / MINUTE) if took is not None else None,
        str(sheet.interviewer),
        sheet.submitted_at,
    ]

"""Taking EoIs out of the system as a table."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import QuerySet

from applications.models import Answer, Application, Question
from applications.services.answers import Answered
from applications.states import QuestionKind
from cohort.states import Control
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.deadlines import LONDON
from upstream.documents.models import StoredFile

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
)
CHUNK = 500


@transaction.atomic
def export_applications(*, applications: QuerySet[Application], file_format: str, by: User) -> Iterator[list[str]]:
    """Record which EoIs a person takes out, and return the table of exactly those. `applications` comes from `visible_to`."""
    taken = list(applications.values_list("pk", flat=True))
    record(actor=by, verb="applications.exported", subject=by, format=file_format, applications=taken)
    return table(Application.objects.filter(pk__in=taken))


def table(applications: QuerySet[Application]) -> Iterator[list[str]]:
    """Yield the headings and then a row for each EoI, in the order of their references. A column for each question of their calls."""
    in_calls = Question.objects.filter(section__call__in=applications.order_by().values("call")).select_related("section__call")
    questions = list(in_calls.order_by("section__call_id", "section__position", "position", "pk"))
    several_calls = len({question.section.call_id for question in questions}) > 1
    yield [*HEADINGS, *(f"{question.section.call}: {question}" if several_calls else question.text for question in questions)]
    files = files_of(applications)
    rows = applications.with_control().select_related("council").prefetch_related("answers")  # type: ignore[attr-defined]
    for application in rows.iterator(chunk_size=CHUNK):
        answers = {answer.question_id: answer for answer in application.answers.all()}
        yield [*facts(application), *(shown(question, answers.get(question.pk), files) for question in questions)]


def files_of(applications: QuerySet[Application]) -> dict[int, StoredFile]:
    """Return the files that answer questions, by answer."""
    answers = Answer.objects.filter(application__in=applications.order_by().values("pk"), question__kind=QuestionKind.FILE)
    return {file.owner_id: file for file in StoredFile.objects.for_owners(Answer, answers.values_list("pk", flat=True))}


def facts(application: Application) -> list[str]:
    """Return what stands before the answers."""
    council, submitted = application.council, application.submitted_at
    return [
        application.reference,
        council.official_name,
        council.code,
        council.get_kind_display(),
        council.get_region_display(),
        council.get_nation_display(),
        Control(application.control).label,  # type: ignore[attr-defined]
        application.get_status_display(),
        f"{submitted.astimezone(LONDON):%Y-%m-%d %H:%M:%S}" if submitted else "",
    ]


def shown(question: Question, answer: Answer | None, files: dict[int, StoredFile]) -> str:
    """Return an answer as people read it; a file by its name."""
    return "; ".join(Answered(question, answer.value, files.get(answer.pk)).lines) if answer else ""

"""What counts as an answer, and reading an EoI's answers together with their questions."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from applications.models import Answer, Application, Call, Question, Section, SectionProgress
from applications.states import QuestionKind
from upstream.documents.models import StoredFile
from upstream.fields import count_words

SHORT_TEXT_CHARACTERS = 300


@dataclass(frozen=True)
class Answered:
    """A question with what the council wrote, or None."""

    question: Question
    value: Any
    file: StoredFile | None = None

    @property
    def problem(self) -> str:
        """What is wrong with the answer, in words for the person, or nothing."""
        return problem(self.question, self.value)

    @property
    def lines(self) -> list[str]:
        """The answer as people read it: one line for each choice of a list, one for anything else."""
        if self.value in (None, "", []):
            return []
        if isinstance(self.value, list):
            return self.value
        if self.question.kind == QuestionKind.DATE:
            day = date.fromisoformat(self.value)
            return [f"{day.day} {day:%B %Y}"]
        if self.question.kind == QuestionKind.YES_NO:
            return [self.value.capitalize()]
        if self.question.kind == QuestionKind.FILE:
            return [self.file.name] if self.file else []
        return [self.value]


@dataclass(frozen=True)
class AnsweredSection:
    """A section with its answers, in the order of the form."""

    section: Section
    progress: SectionProgress | None
    answers: list[Answered]
    place: str = ""  # in the form: "2 of 7"

    @property
    def problems(self) -> list[Answered]:
        """The answers that will not do."""
        return [answered for answered in self.answers if answered.problem]

    @property
    def is_marked_complete(self) -> bool:
        """Whether the council has said that it is done, and every answer will do: see `save_section`."""
        return self.progress is not None and self.progress.completed

    @property
    def state(self) -> str:
        """How the task list describes it."""
        if self.progress is None:
            return "Not yet started"
        return "Completed" if self.is_marked_complete else "In progress"


def problem(question: Question, value: Any) -> str:
    """Return why this value will not do as the answer when the EoI is submitted, or an empty string."""
    if value in (None, "", []):
        return _how_to_answer(question) if question.required else ""
    if question.word_limit and isinstance(value, str) and count_words(value) > question.word_limit:
        return f"“{question.text}” must be {question.word_limit} words or fewer. You have written {count_words(value)}."
    if question.kind == QuestionKind.SHORT_TEXT and len(value) > SHORT_TEXT_CHARACTERS:
        return f"“{question.text}” must be {SHORT_TEXT_CHARACTERS} characters or fewer. You have written {len(value)}."
    return ""


def _how_to_answer(question: Question) -> str:
    match question.kind:
        case QuestionKind.ONE_OF | QuestionKind.YES_NO:
            return f"Select an answer to “{question.text}”"
        case QuestionKind.SOME_OF:
            return f"Select at least one answer to “{question.text}”"
        case QuestionKind.DATE:
            return f"Enter a date for “{question.text}”"
        case QuestionKind.FILE:
            return f"Choose a file for “{question.text}”"
        case _:
            return f"Enter an answer to “{question.text}”"


def form_of(call: Call) -> list[Section]:
    """Return the call's sections with their questions, in two queries."""
    return list(call.sections.prefetch_related("questions"))


def answered_sections(application: Application) -> list[AnsweredSection]:
    """Return the whole EoI as it stands, in four or five queries whatever its length."""
    answers = {answer.question_id: answer for answer in application.answers.all()}
    progress = {row.section_id: row for row in application.progress.select_related("saved_by")}
    sections = form_of(application.call)
    file_questions = {question.pk for section in sections for question in section.questions.all() if question.kind == QuestionKind.FILE}
    with_file = [answer.pk for pk, answer in answers.items() if pk in file_questions]
    files = {file.owner_id: file for file in StoredFile.objects.for_owners(Answer, with_file)} if with_file else {}

    def answered(question: Question) -> Answered:
        answer = answers.get(question.pk)
        return Answered(question, answer.value, files.get(answer.pk)) if answer else Answered(question, None)

    return [
        AnsweredSection(
            section,
            progress.get(section.pk),
            [answered(question) for question in section.questions.all()],
            f"{number} of {len(sections)}",
        )
        for number, section in enumerate(sections, start=1)
    ]


def form_version(sections: Iterable[Section]) -> str:
    """Return the SHA-256 of the questions as they stand, in hex."""
    rows = [
        [section.slug, question.pk, question.text, question.kind, question.required, question.word_limit, question.options]
        for section in sections
        for question in section.questions.all()
    ]
    return _digest(rows)


def content_hash(application: Application, sections: Iterable[AnsweredSection]) -> str:
    """Return the SHA-256 of who answers, what was asked and what was answered, files included, in hex."""
    rows = [
        [answered.question.text, answered.file.sha256 if answered.file else answered.value]
        for section in sections
        for answered in section.answers
    ]
    return _digest([application.reference, application.council.code, rows])


def _digest(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

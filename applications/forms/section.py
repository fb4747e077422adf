"""One section of an EoI as a form, built from its questions.

A draft may be saved however unfinished, so no field is required and no limit refuses here. What will do at submission is
decided by `applications.services.answers.problem` alone; `add_problems` shows it beside the fields.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from applications.models import Question
from applications.services.answers import Answered, AnsweredSection, problem
from applications.states import QuestionKind
from upstream.documents.inspection import EMPTY
from upstream.fields import (
    CheckboxesField,
    DatePartsField,
    LongTextField,
    RadioField,
    ShortTextField,
    YesNoField,
    too_long,
)

# Far above any word limit: text over a limit is kept, so that people can edit it down.
MOST_CHARACTERS = 50_000
FILE_HINT = "PDF, Word (DOCX), PNG or JPEG, smaller than 10MB."


def field_for(question: Question) -> forms.Field:
    """Return the form field for a question."""
    common: dict[str, Any] = {"label": question.text, "help_text": question.hint, "required": False}
    named = f"“{question.text}”"
    length: dict[str, Any] = {"max_length": MOST_CHARACTERS, "error_messages": {"max_length": too_long(named, MOST_CHARACTERS)}}
    choices = [(option, option) for option in question.options]
    match question.kind:
        case QuestionKind.LONG_TEXT:
            field: forms.Field = LongTextField(word_limit=question.word_limit, **length, **common)
        case QuestionKind.ONE_OF:
            field = RadioField(choices=choices, **common)
        case QuestionKind.SOME_OF:
            field = CheckboxesField(choices=choices, **common | {"help_text": question.hint or "Select all that apply."})
        case QuestionKind.DATE:
            field = DatePartsField(subject=named, **common)
        case QuestionKind.YES_NO:
            field = YesNoField(**common)
        case QuestionKind.FILE:
            hints = " ".join(filter(None, [question.hint, FILE_HINT]))
            field = forms.FileField(**common | {"help_text": hints}, error_messages={"empty": EMPTY})
        case _:
            field = ShortTextField(**length, **common)
    field.wanted = question.required  # type: ignore[attr-defined]  # not "(optional)", though a draft may leave it empty
    return field


class SectionForm(forms.Form):
    """The fields of a section, and, where there is something long to write, whether it is done."""

    def __init__(self, *args: Any, section: AnsweredSection, **kwargs: Any) -> None:
        self.answers = {answered.question.field_name: answered for answered in section.answers}
        initial = {name: _shown(answered) for name, answered in self.answers.items()}
        kwargs["initial"] = initial | {"completed": "yes" if section.is_marked_complete else None}
        super().__init__(*args, **kwargs)
        for name, answered in self.answers.items():
            self.fields[name] = field_for(answered.question)
        self.asks_completion = any(answered.question.kind == QuestionKind.LONG_TEXT for answered in section.answers)
        if self.asks_completion:
            self.fields["completed"] = completion_field()

    @property
    def says_complete(self) -> bool:
        """Whether the section is done, as far as the person says. A section that does not ask is done once it is saved."""
        return not self.asks_completion or self.cleaned_data.get("completed") == "yes"

    def mark(self, *, going_on: bool) -> bool | None:
        """Return whether the section is done, or None where that was not said, or said of what could not be read."""
        was_said = going_on or bool(self.cleaned_data.get("completed"))
        return self.says_complete if was_said and not self.errors else None

    def values(self) -> dict[int, Any]:
        """Return what was typed, by question id, for every field that could be read. Files are not among it."""
        return {
            answered.question.pk: _stored(self.cleaned_data[name])
            for name, answered in self.answers.items()
            if answered.question.kind != QuestionKind.FILE and name in self.cleaned_data
        }

    def unreadable(self) -> list[str]:
        """Return a sentence for each answer that cannot be kept as it was typed. Ask before `add_problems`."""
        wrong = {f"“{answered.question.text}”": str(self.errors[name][0]) for name, answered in self.answers.items() if name in self.errors}
        return [message if message.startswith(named) else f"{named}: {message}" for named, message in wrong.items()]

    def uploads(self) -> dict[str, Any]:
        """Return the files that were chosen, by field name."""
        names = [name for name, answered in self.answers.items() if answered.question.kind == QuestionKind.FILE]
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data.get(name)}

    def add_problems(self) -> None:
        """Show what would stop the EoI from being submitted, beside each field, unless the section is said not to be done."""
        if self.asks_completion and not self.cleaned_data.get("completed"):
            self.add_error("completed", "Select whether you have completed this section")
        if not self.says_complete:
            return
        typed = self.values()
        uploads = self.uploads()
        for name, answered in self.answers.items():
            value = uploads.get(name) or typed.get(answered.question.pk, answered.value)
            message = problem(answered.question, value)
            if message and name not in self.errors:
                self.add_error(name, message)

    def differences(self, stored: Iterable[Answered]) -> list[tuple[str, Answered]]:
        """Return the typed answers that differ from `stored`: the field's name with what is stored."""
        typed = self.values()
        return [
            (answered.question.field_name, answered)
            for answered in stored
            if answered.question.pk in typed and (answered.value or "") != (typed[answered.question.pk] or "")
        ]


def completion_field() -> RadioField:
    """Return the question at the end of a section with something long to write."""
    field = RadioField(
        label="Have you completed this section?",
        choices=[("yes", "Yes, it is complete"), ("no", "No, we will come back to it")],
        required=False,
    )
    field.wanted = True  # type: ignore[attr-defined]
    return field


def _shown(answered: Answered) -> Any:
    if answered.question.kind == QuestionKind.DATE and answered.value:
        return date.fromisoformat(answered.value)
    return None if answered.question.kind == QuestionKind.FILE else answered.value


def _stored(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    return value if value is not None else ""

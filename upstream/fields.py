"""Form fields that speak the Design System's manner: "Enter…", "Select…", "… must be a real date".

The template pack in templates/upstream/ draws them; any other Django field works there too.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

# JavaScript's \S, which Python's differs from: the page's counter and the server must agree to the word.
JAVASCRIPT_SPACE = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
WORD = re.compile(f"[^{JAVASCRIPT_SPACE}]+")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
SHORT_TEXT_LIMIT = 200
DAY, MONTH, YEAR = 0, 1, 2
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")


def count_words(text: str) -> int:
    """Return the number of words, counted as the character count in the page counts them."""
    return len(WORD.findall(text))


def clean_text(text: str) -> str:
    """Return the text with plain line ends and composed accents. Raises ValidationError for what no database can hold."""
    if UNSTORABLE.search(text):
        message = "Remove the hidden character: your text holds one that cannot be saved"
        raise ValidationError(message, code="unstorable")
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def ask(verb: str, label: object) -> str:
    """Return the message for an empty answer: "Enter your full name", or one that repeats a question."""
    words = str(label or "an answer")
    if words.endswith("?"):
        return f"{verb} an answer to “{words}”"
    return f"{verb} {words[:1].lower()}{words[1:]}"


def too_long(subject: str, limit: int) -> str:
    """Return the message for too many characters: "Your answer must be 50,000 characters or fewer"."""
    return f"{subject} must be {limit:,} characters or fewer"


class ShortTextField(forms.CharField):
    """One line of text, whatever was sent: a name must not bring paragraphs of its own into an email."""

    def __init__(self, *, label: str | None = None, max_length: int = SHORT_TEXT_LIMIT, **options: Any) -> None:
        options["error_messages"] = {
            "required": ask("Enter", label),
            "max_length": too_long("Your answer", max_length),
        } | options.get("error_messages", {})
        super().__init__(label=label, max_length=max_length, **options)

    def to_python(self, value: Any) -> str:
        """Return the cleaned text."""
        return clean_text(super().to_python(value) or "").replace("\n", " ")


class LongTextField(forms.CharField):
    """Text of several lines. It shows its word limit and takes more, so that people can edit down; nothing is ever cut off."""

    widget = forms.Textarea

    def __init__(self, *, label: str | None = None, word_limit: int | None = None, max_length: int | None = None, **options: Any) -> None:
        options["error_messages"] = {
            "required": ask("Enter", label),
            "max_length": too_long("Your answer", max_length or 0),
        } | options.get("error_messages", {})
        super().__init__(label=label, max_length=max_length, **options)
        self.word_limit = word_limit
        if word_limit:
            self.widget.attrs.setdefault("rows", min(max(word_limit // 25, 5), 15))

    def to_python(self, value: Any) -> str:
        """Return the cleaned text."""
        return clean_text(super().to_python(value) or "")


class DatePartsInput(forms.MultiWidget):
    """Three text boxes: day, month, year."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        names = ("day", "month", "year")
        boxes = [forms.TextInput({"inputmode": "numeric", "aria-label": name.capitalize()}) for name in names]
        super().__init__(dict(zip(names, boxes, strict=True)), attrs)

    def decompress(self, value: date | None) -> list[Any]:
        """Return what the three boxes show."""
        return [value.day, value.month, value.year] if value else ["", "", ""]


class DatePartsField(forms.Field):
    """A date typed as day, month and year; the month may be a word. `subject` starts its messages: "The start date"."""

    widget = DatePartsInput

    def __init__(self, *, label: str | None = None, subject: str = "The date", **options: Any) -> None:
        options["error_messages"] = {
            "required": ask("Enter", label),
            "incomplete": f"{subject} must include a %(missing)s",
            "year": f"{subject} must have a year with 4 numbers",
            "invalid": f"{subject} must be a real date",
        } | options.get("error_messages", {})
        super().__init__(label=label, **options)

    def to_python(self, value: Any) -> date | None:
        """Return the date. Each error knows the wrong box, so that its link lands there."""
        if value is None or isinstance(value, date):
            return value
        parts = [str(part or "").strip() for part in value]
        if not any(parts):
            return None
        if not all(parts):
            missing = [index for index, part in enumerate(parts) if not part]
            names = " and ".join(("day", "month", "year")[index] for index in missing)
            raise self.error(missing[0], "incomplete", missing=names)
        day, month, year = to_number(parts[DAY]), to_month(parts[MONTH]), to_number(parts[YEAR])
        if not 1 <= day <= 31:  # noqa: PLR2004  (the days of the longest month)
            raise self.error(DAY, "invalid")
        if not 1 <= month <= len(MONTHS):
            raise self.error(MONTH, "invalid")
        if not 1000 <= year <= date.max.year:  # noqa: PLR2004  (four digits)
            raise self.error(YEAR, "year")
        try:
            return date(year, month, day)
        except ValueError:
            raise self.error(DAY, "invalid") from None

    def error(self, part: int, code: str, **params: Any) -> ValidationError:
        """Return an error about one of the three boxes."""
        return ValidationError(self.error_messages[code], code=code, params={"part": part} | params)


def to_number(text: str) -> int:
    """Return the number, or 0 for what is not one."""
    return int(text) if re.fullmatch("[0-9]{1,4}", text) else 0


def to_month(text: str) -> int:
    """Return the month's number from "3", "March" or "Mar", or 0."""
    word = text.lower().rstrip(".")
    named = [number for number, month in enumerate(MONTHS, start=1) if len(word) >= 3 and month.startswith(word)]  # noqa: PLR2004
    return named[0] if named else to_number(text)


class RadioField(forms.ChoiceField):
    """One of a few choices, all in view."""

    widget = forms.RadioSelect

    def __init__(self, *, label: str | None = None, choices: Iterable[Any] = (), **options: Any) -> None:
        options["error_messages"] = select_messages(label) | options.get("error_messages", {})
        super().__init__(label=label, choices=choices, **options)


class CheckboxesField(forms.MultipleChoiceField):
    """Any of a few choices."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, label: str | None = None, choices: Iterable[Any] = (), **options: Any) -> None:
        options["error_messages"] = select_messages(label) | options.get("error_messages", {})
        super().__init__(label=label, choices=choices, **options)

    def to_python(self, value: Any) -> list[str]:
        """Return each choice once, however often it was sent."""
        return list(dict.fromkeys(super().to_python(value)))


class YesNoField(RadioField):
    """Yes or no, as True or False; None while an optional question has no answer."""

    CHOICES: ClassVar = (("yes", "Yes"), ("no", "No"))

    def __init__(self, *, label: str | None = None, **options: Any) -> None:
        options["error_messages"] = {"required": f"Select yes or no: {label}" if label else "Select yes or no"} | options.get(
            "error_messages", {}
        )
        super().__init__(label=label, choices=self.CHOICES, **options)

    def prepare_value(self, value: Any) -> Any:
        """Return the choice that stands for a boolean."""
        return {True: "yes", False: "no"}.get(value, value)

    def clean(self, value: Any) -> Any:
        """Return the boolean."""
        return {"yes": True, "no": False}.get(super().clean(value))


def select_messages(label: str | None) -> dict[str, str]:
    """Return the messages of a field of choices."""
    return {"required": ask("Select", label), "invalid_choice": "Select one of the choices on the page"}

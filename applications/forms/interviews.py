"""What a council fills in to book an interview, and staff to offer times, to replace an interviewer and to score."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.boundfield import BoundWidget

from applications.forms.calls import LinesField
from applications.forms.extensions import MomentField
from applications.models import Call, InterviewQuestion, InterviewSheet, InterviewSlot
from applications.models.interview import HIGHEST_INTERVIEW_SCORE, LONGEST_SLOT
from applications.services.interview_sheets import Line, lines_of
from applications.services.interview_slots import MAY_INTERVIEW, Series
from applications.services.interviews import GONE
from upstream.accounts.models import User
from upstream.accounts.services import people_who_may
from upstream.deadlines import LONDON, MINUTE, long_date, time_in_words
from upstream.fields import LongTextField, RadioField, ShortTextField

# A number with its area code, and an extension if there is one.
TELEPHONE = re.compile(r"(?:[+(]?[0-9][0-9 ().-]{8,})(?:\s*(?:ext\.?|x)\s*[0-9]{1,6})?", re.IGNORECASE)
FEWEST_DIGITS = 10
SHORTEST_SLOT = 10
MOST_CHARACTERS = 2000


class TelephoneField(ShortTextField):
    """A telephone number as people write them."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput({"type": "tel", "autocomplete": "tel", "class": "govuk-input--width-20"})
        super().__init__(max_length=30, widget=widget, **options)

    def validate(self, value: str) -> None:
        """Refuse what nobody could ring."""
        super().validate(value)
        if value and (not TELEPHONE.fullmatch(value) or sum(sign.isdigit() for sign in value) < FEWEST_DIGITS):
            message = "Enter a telephone number with its area code, like 01632 960 001 or 07700 900 982"
            raise ValidationError(message)


NO_TIME = {"required": "Select a time", "invalid_choice": GONE}


class ContactForm(forms.Form):
    """Whom to ask for, on which number."""

    contact_name = ShortTextField(
        label="Who should we ask for?",
        help_text="Anybody who knows the initiative well.",
        max_length=150,
        error_messages={"required": "Enter the name of the person to ask for"},
    )
    phone = TelephoneField(
        label="Which number should we ring?",
        help_text="A direct line or a mobile is best.",
        error_messages={"required": "Enter the number to ring"},
    )
    field_order = ("slot",)


class BookingForm(ContactForm):
    """What a council fills in: a time as well."""

    slot = RadioField(label="When should we ring?", error_messages=NO_TIME)

    def __init__(self, *args: Any, slots: Iterable[InterviewSlot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {str(slot.pk): slot for slot in slots}
        self.fields["slot"].choices = [(pk, hours(slot)) for pk, slot in self.offered.items()]  # type: ignore[attr-defined]

    def by_day(self) -> list[tuple[str, list[BoundWidget]]]:
        """Return the choices under their days."""
        days = groupby(self["slot"], key=lambda choice: day_of(self.offered[str(choice.data["value"])]))
        return [(long_date(day), list(choices)) for day, choices in days]


class StaffBookingForm(ContactForm):
    """What staff fill in for a council. `slots` is called for the times whenever they are shown, as one may have gone."""

    slot = forms.ChoiceField(label="When do we ring?", help_text="UK time.", error_messages=NO_TIME)
    reason = LongTextField(
        label="Why you do this for the council (optional)",
        help_text="Only staff read this.",
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, *args: Any, slots: Callable[[], Iterable[InterviewSlot]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slot"].choices = lambda: slot_choices(slots())  # type: ignore[attr-defined]


def slot_choices(slots: Iterable[InterviewSlot]) -> Iterator[Any]:
    """Yield the times as choices, each with its day and who rings."""
    yield "", "Select a time"
    for slot in slots:
        yield slot.pk, f"{long_date(day_of(slot))}, {hours(slot)}: {' and '.join(map(str, slot.interviewers))}"


def hours(slot: InterviewSlot) -> str:
    """Return from when to when, UK time."""
    return f"{time_in_words(slot.starts_at.astimezone(LONDON))} to {time_in_words(slot.ends_at.astimezone(LONDON))}"


def day_of(slot: InterviewSlot) -> date:
    """Return the slot's day, in the UK."""
    return slot.starts_at.astimezone(LONDON).date()


class CancelForm(forms.Form):
    """Why staff cancel an interview."""

    reason = LongTextField(
        label="Why it is cancelled (optional)", help_text="Only staff read this.", required=False, max_length=MOST_CHARACTERS
    )


class LeaveForm(forms.Form):
    """Why a council stays without an interview."""

    reason = LongTextField(
        label="Why you leave it at that",
        help_text="Only staff read this.",
        max_length=MOST_CHARACTERS,
        error_messages={"required": "Enter why you leave it at that"},
    )


def interviewers() -> Any:
    """Return the people who may be given interviews."""
    return people_who_may(MAY_INTERVIEW).order_by("full_name", "email")


def select(label: str) -> dict[str, str]:
    """Return the messages for a list of which nothing, or nothing that is in it, was selected."""
    return dict.fromkeys(("required", "invalid_choice"), f"Select the {label.lower()}")


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Somebody who may interview."""

    def __init__(self, *, label: str) -> None:
        super().__init__(queryset=User.objects.none(), label=label, empty_label=f"Select the {label.lower()}", error_messages=select(label))

    def __deepcopy__(self, memo: Any) -> Any:
        field = super().__deepcopy__(memo)
        field.queryset = interviewers()
        return field


class GuideQuestionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A question of the guide with what each score means."""

    anchors = LinesField(help_text="What a score of 1, 2, 3, 4 and 5 means: five lines.")

    def clean_anchors(self) -> list[str]:
        """Refuse a scale with a gap in it."""
        anchors: list[str] = self.cleaned_data["anchors"]
        if len(anchors) != HIGHEST_INTERVIEW_SCORE:
            message = f"Enter five lines, one for each score from 1 to 5. There are {len(anchors)}."
            raise ValidationError(message)
        return anchors


class PairForm(forms.Form):
    """For which call, and which two ring."""

    call = forms.ModelChoiceField(
        label="Call", queryset=Call.objects.published(), empty_label="Select the call", error_messages=select("call")
    )
    interviewer = PersonField(label="First interviewer")
    second_interviewer = PersonField(label="Second interviewer")


def minutes_field(*, label: str, initial: int, fewest: int) -> forms.IntegerField:
    """Return a field for a number of minutes."""
    most = LONGEST_SLOT // MINUTE
    words = f"Enter whole minutes, from {fewest} to {most}"
    messages = dict.fromkeys(("required", "invalid", "min_value", "max_value"), words)
    return forms.IntegerField(label=label, initial=initial, min_value=fewest, max_value=most, error_messages=messages)


class SlotForm(PairForm):
    """One slot."""

    starts_at = MomentField(
        label="When it starts", help_text="Date and time in the UK.", error_messages={"required": "Enter the date and time"}
    )
    minutes = minutes_field(label="Minutes it takes", initial=Series.minutes, fewest=SHORTEST_SLOT)


def day_field(label: str) -> forms.DateField:
    """Return a field for a day, in the browser's own control."""
    messages = {"required": f"Enter the {label.lower()}", "invalid": "Enter a real date"}
    return forms.DateField(label=label, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), error_messages=messages)


def time_field(label: str, initial: Any) -> forms.TimeField:
    """Return a field for a time of day, in the browser's own control."""
    messages = dict.fromkeys(("required", "invalid"), "Enter a time, for example 09:30")
    widget = forms.TimeInput({"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, initial=initial, widget=widget, error_messages=messages)


class SeriesForm(PairForm):
    """A series of slots."""

    first_day = day_field("First day")
    last_day = day_field("Last day")
    opens = time_field("First interview of the day starts", Series.opens)
    lunch = time_field("Lunch, for an hour from", Series.lunch)
    closes = time_field("Last interview of the day ends by", Series.closes)
    minutes = minutes_field(label="Minutes each takes", initial=Series.minutes, fewest=SHORTEST_SLOT)
    gap = minutes_field(label="Minutes between two", initial=Series.gap, fewest=0)

    def series(self) -> Series:
        """Return the series that was described."""
        return Series(**self.cleaned_data)


class ReplacementForm(forms.Form):
    """Who rings in place of whoever is `leaving`: one of `people`."""

    person = forms.ModelChoiceField(
        queryset=User.objects.none(),
        empty_label="Select a person",
        help_text="Everybody who is free then and has no conflict of interest with the council.",
        error_messages={
            "required": "Select who rings instead",
            "invalid_choice": "That person is not free then, or has a conflict of interest. Select somebody else",
        },
    )

    def __init__(self, *args: Any, leaving: User, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        field.label = f"Who rings in place of {leaving}?"
        field.queryset = people.order_by("full_name", "email")  # type: ignore[attr-defined]
        if not people.exists():
            field.help_text = "Nobody else is free then without a conflict of interest with the council. Change the time instead."


class SheetForm(forms.Form):
    """A score and a note for each question of the guide, and a summary. A draft may be as unfinished as it is."""

    def __init__(self, *args: Any, questions: Iterable[InterviewQuestion], sheet: InterviewSheet, **kwargs: Any) -> None:
        self.questions = list(questions)
        initial: dict[str, Any] = {"summary": sheet.summary}
        for pk, line in lines_of(sheet).items():
            initial |= {f"score{pk}": line.score, f"note{pk}": line.note}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        for question in self.questions:
            scale = [(score, f"{score}: {anchor}") for score, anchor in enumerate(question.anchors, start=1)]
            self.fields[f"score{question.pk}"] = RadioField(label="Score", choices=scale, required=False)
            self.fields[f"note{question.pk}"] = note_field("What was said")
        self.fields["summary"] = note_field("Anything else")

    def lines(self) -> dict[int, Line]:
        """Return what was typed, by question, for whatever could be read."""
        return {question.pk: self.line(question) for question in self.questions if f"note{question.pk}" in self.cleaned_data}

    def line(self, question: InterviewQuestion) -> Line:
        """Return what was typed for one question; a score that is none of the choices is none."""
        score = self.cleaned_data.get(f"score{question.pk}")
        return Line(int(score) if score else None, self.cleaned_data[f"note{question.pk}"])

    def unreadable(self) -> list[str]:
        """Return a sentence for each field that cannot be kept as it was typed."""
        return [f"“{self.fields[name].label}”: {errors[0]}" for name, errors in self.errors.items()]

    def groups(self) -> list[tuple[InterviewQuestion, forms.BoundField, forms.BoundField]]:
        """Return each question with its score and its note."""
        return [(question, self[f"score{question.pk}"], self[f"note{question.pk}"]) for question in self.questions]


def note_field(label: str) -> LongTextField:
    """Return a field for notes, of any length that a person types."""
    return LongTextField(label=label, required=False, max_length=50_000, widget=forms.Textarea({"rows": 4}))

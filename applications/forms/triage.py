"""What an assessor writes, and what is decided about an EoI."""

from collections.abc import Iterable
from typing import Any

from django import forms

from applications.models import Assessment, Criterion
from applications.models.triage import HIGHEST_SCORE
from applications.services.triage import Draft, Opinion, written
from applications.states import OUTCOMES, Stage
from upstream.fields import LongTextField, RadioField, YesNoField

MOST_CHARACTERS = 10_000


class DraftTextField(LongTextField):
    """Text that may still be missing."""

    def __init__(self, *, label: str, rows: int, **options: Any) -> None:
        super().__init__(label=label, required=False, max_length=MOST_CHARACTERS, **options)
        self.widget.attrs["rows"] = rows


def score_field(criterion: Criterion) -> RadioField:
    """Return the choice of a score, each with its anchor where the call has them."""
    anchors = [*criterion.anchors, *[""] * (HIGHEST_SCORE + 1)]
    choices = [(str(score), f"{score} {anchors[score]}".strip()) for score in range(HIGHEST_SCORE + 1)]
    return RadioField(label=f"{criterion.name}: your score", choices=choices, required=False)


class AssessmentForm(forms.Form):
    """An assessment as its page shows it. It may be saved however unfinished; the service says what is missing at the end."""

    is_eligible = YesNoField(label="Is it eligible?", required=False)
    ineligible_reason = DraftTextField(label="Why it is not eligible", help_text="Only if you selected No.", rows=2)
    note = DraftTextField(label="Note", help_text="Anything else for the other assessors and for whoever decides.", rows=4)

    def __init__(self, *args: Any, assessment: Assessment, criteria: Iterable[Criterion], **kwargs: Any) -> None:
        self.criteria = list(criteria)
        saved = written(assessment)
        initial = {"is_eligible": saved.is_eligible, "ineligible_reason": saved.ineligible_reason, "note": saved.note}
        for pk, opinion in saved.opinions.items():
            initial |= {f"score_{pk}": "" if opinion.score is None else str(opinion.score), f"reason_{pk}": opinion.reason}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        for criterion in self.criteria:
            self.fields[f"score_{criterion.pk}"] = score_field(criterion)
            self.fields[f"reason_{criterion.pk}"] = DraftTextField(label=f"{criterion.name}: the reason", rows=4)

    def draft(self) -> Draft:
        """Return what was typed. What could not be read stays as it was saved."""
        data = {**self.initial, **self.cleaned_data}
        opinions = {
            criterion.pk: Opinion(number(data.get(f"score_{criterion.pk}")), data.get(f"reason_{criterion.pk}", ""))
            for criterion in self.criteria
        }
        return Draft(opinions, data.get("is_eligible"), data.get("ineligible_reason", ""), data.get("note", ""))

    def unreadable(self) -> list[str]:
        """Return a sentence for each answer that cannot be kept as it was typed."""
        return [f"“{self.fields[name].label}”: {messages[0]}" for name, messages in self.errors.items()]

    def saved_otherwise(self) -> dict[str, str]:
        """Return what is saved where it differs from what was typed, as people read it, by the names of the fields."""
        return {name: shown(self.fields[name], self.initial.get(name)) for name in self.fields if name in self.changed_data}


def number(text: str | None) -> int | None:
    """Return the score, or None for no choice."""
    return int(text) if text else None


def shown(field: forms.Field, value: Any) -> str:
    """Return a saved answer as people read it."""
    choices = dict(getattr(field, "choices", ()))
    return str(choices.get(field.prepare_value(value), value) or "Nothing")


class DecisionForm(forms.Form):
    """The outcome with its reason, and what the council reads about it."""

    outcome = RadioField(label="The outcome", choices=[(outcome.value, outcome.label) for outcome in OUTCOMES[Stage.SHORTLIST]])
    reason = LongTextField(label="The reason for the decision", help_text="For the record. Councils do not see it.")
    feedback = LongTextField(label="Feedback for the council (optional)", help_text="Goes into its letter, in your words.", required=False)


class PutBackForm(forms.Form):
    """Why somebody else's is given back."""

    reason = LongTextField(label="Why you give it back for them", help_text="For the record.")

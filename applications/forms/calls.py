"""What staff fill in to prepare a call."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from applications.services.calls import check_closing
from cohort.states import Nation

SCORES = 6


class LinesField(forms.CharField):
    """A list of texts, typed as one line each."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """Return the lines as one text."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the lines that are not empty."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether a line is another than before."""
        try:
            return bool((initial or []) != self.clean(data))
        except ValidationError:
            return True


class CallForm(forms.ModelForm):  # type: ignore[type-arg]
    """A call's own columns."""

    nations = forms.MultipleChoiceField(choices=Nation.choices, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.is_frozen and "closes_at" in self.fields:
            self.fields["closes_at"].help_text += " Moving it later sends an email to everybody who acts for a council with a draft."

    def clean_closes_at(self) -> datetime:
        """Refuse a closing that would take time from councils."""
        closes_at: datetime = self.cleaned_data["closes_at"]
        check_closing(self.instance, closes_at)
        return closes_at


class CriterionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A criterion with what each score means."""

    anchors = LinesField(
        label="Words for scores", required=False, help_text="What a score of 0, 1, 2, 3, 4 and 5 means: six lines, or none yet."
    )

    def clean_anchors(self) -> list[str]:
        """Refuse a scale with a gap in it."""
        anchors: list[str] = self.cleaned_data["anchors"]
        if len(anchors) not in {0, SCORES}:
            message = f"Enter six lines, one for each score from 0 to 5. There are {len(anchors)}."
            raise ValidationError(message)
        return anchors


class QuestionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A question with its choices."""

    options = LinesField(
        required=False,
        help_text="The choices of a list, one on each line. Focus and service areas are filled in when the call is published.",
    )

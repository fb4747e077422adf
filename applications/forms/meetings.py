"""What staff fill in about a panel's meeting."""

from decimal import Decimal
from typing import Any

from django import forms

from applications.forms.extensions import MomentField
from applications.models import MeetingItem, Panel, PanelMember
from applications.services.meeting_items import Outcome, written
from applications.states import Recommendation
from upstream.fields import LongTextField, RadioField, ShortTextField

MOST_CHARACTERS = 20_000
NOT_A_SCORE = "Enter a score from 0 to 100, with one decimal place at most"


class WhenForm(forms.Form):
    """When and where a meeting is."""

    starts_at = MomentField(
        label="When it starts", help_text="Date and time in the UK.", error_messages={"required": "Enter the date and time"}
    )
    place = ShortTextField(label="Where (optional)", help_text="A room, or a link.", max_length=200, required=False)


class PlanForm(WhenForm):
    """Of which panel, too."""

    panel = forms.ModelChoiceField(
        label="Panel", queryset=Panel.objects.select_related("call"), error_messages={"required": "Select the panel"}
    )
    field_order = ("panel", "starts_at", "place")


class MembersField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Several members."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        """Say who chairs."""
        return f"{obj}, chair" if obj.is_chair else str(obj)


class PresentForm(forms.Form):
    """Who is there."""

    present = MembersField(
        label="Who is present",
        queryset=PanelMember.objects.none(),
        error_messages=dict.fromkeys(("required", "invalid_choice", "invalid_pk_value"), "Select who is present"),
    )

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["present"].queryset = members  # type: ignore[attr-defined]


class EndForm(forms.Form):
    """Why the meeting ends early, if it does."""

    not_reached = LongTextField(
        label="Why it ends before every item is settled",
        help_text="It goes into the minutes.",
        max_length=MOST_CHARACTERS,
        required=False,
    )


class AgainForm(forms.Form):
    """Why a settled item is taken up again."""

    reason = LongTextField(label="Reason", max_length=MOST_CHARACTERS, error_messages={"required": "Enter why the item is taken up again"})


class OutcomeForm(forms.Form):
    """What the panel makes of an item. A draft may be as unfinished as it is."""

    recommendation = RadioField(label="The panel recommends", choices=Recommendation.choices, required=False)
    score = forms.DecimalField(
        label="Score, of 100, only where the panel changes it (optional)",
        min_value=0,
        max_value=100,
        decimal_places=1,
        required=False,
        widget=forms.TextInput({"inputmode": "decimal", "size": 6}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value", "max_decimal_places"), NOT_A_SCORE),
    )
    reason = LongTextField(label="Reason", max_length=MOST_CHARACTERS, required=False, widget=forms.Textarea({"rows": 5}))

    def __init__(self, *args: Any, item: MeetingItem, **kwargs: Any) -> None:
        self.saved = written(item)
        kwargs["initial"] = {"recommendation": self.saved.recommendation, "score": self.saved.score, "reason": self.saved.reason}
        super().__init__(*args, **kwargs)

    def outcome(self) -> Outcome:
        """Return what was typed, and what is saved for whatever could not be read."""
        typed = {name: getattr(self.saved, name) for name in self.fields} | self.cleaned_data
        score: Decimal | None = typed["score"]
        return Outcome(typed["recommendation"], score, typed["reason"])

    def unreadable(self) -> list[str]:
        """Return a sentence for each field that cannot be kept as it was typed."""
        return [f"“{self.fields[name].label}”: {errors[0]}" for name, errors in self.errors.items()]

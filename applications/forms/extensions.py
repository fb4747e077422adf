"""Asking for more time, in the office."""

from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from applications.models import Call
from cohort.models import Council
from upstream.fields import LongTextField


class MomentField(forms.SplitDateTimeField):
    """A date and a time, UK time, in the browser's own two controls."""

    widget = forms.SplitDateTimeWidget(
        date_format="%Y-%m-%d",
        time_format="%H:%M",
        date_attrs={"type": "date", "aria-label": "Date"},
        time_attrs={"type": "time", "aria-label": "Time"},
    )

    def __init__(self, **options: Any) -> None:
        messages = {"invalid_date": "Enter a real date", "invalid_time": "Enter a time, for example 17:30"}
        super().__init__(error_messages=messages | options.pop("error_messages", {}), **options)

    def compress(self, data_list: tuple[date, time] | None) -> Any:
        """Return the moment. Refuses the hours that do not exist, or exist twice, when the clocks change."""
        try:
            return super().compress(data_list)
        except ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            message = "The clocks change at this time. Enter a time outside that hour"
            raise ValidationError(message, code=error.code) from error


class MoreTimeForm(forms.Form):
    """Until when, and why."""

    until = MomentField(
        label="New deadline",
        help_text="Date and time in the UK. What arrives before this moment is on time.",
        error_messages={"required": "Enter the date and time of the new deadline"},
    )
    reason = LongTextField(label="Why the council needs more time", help_text="Only staff read this.")


class CouncilMoreTimeForm(MoreTimeForm):
    """The same for any council, whether or not it has started."""

    call = forms.ModelChoiceField(label="Call", queryset=Call.objects.published(), error_messages={"required": "Select the call"})
    council = forms.ModelChoiceField(label="Council", queryset=Council.objects.all(), error_messages={"required": "Select the council"})
    field_order = ("call", "council", "until", "reason")

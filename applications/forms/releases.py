"""Preparing a release, in the office."""

from django import forms

from upstream.fields import DatePartsField


class PrepareForm(forms.Form):
    """When councils are to hear."""

    dated_on = DatePartsField(
        label="The day on which councils hear",
        subject="The day",
        help_text="The letters bear this date, and can only be released on this day.",
    )

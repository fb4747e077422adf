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


class PrepareSelectionForm(PrepareForm):
    """Until when councils may answer an offer, too."""

    respond_on = DatePartsField(
        label="Last day to answer an offer",
        subject="The last day to answer an offer",
        help_text="A working day. An offer that nobody has answered by the end of that day, UK time, lapses.",
        error_messages={"required": "Enter the last day to answer an offer"},
    )

"""Submitting and withdrawing."""

from django import forms

from upstream.fields import ShortTextField


class SubmitForm(forms.Form):
    """The declaration under the answers."""

    agree = forms.BooleanField(
        label="On behalf of the council, I accept the terms of taking part and the privacy notice",
        error_messages={"required": "Tick the box to accept the terms of taking part and the privacy notice"},
    )


class WithdrawForm(forms.Form):
    """Why the council withdraws, if it wants to say."""

    reason = ShortTextField(
        label="Why are you withdrawing?",
        help_text="This helps us to plan. The panel will not see it.",
        required=False,
        max_length=1000,
    )

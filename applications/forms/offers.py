"""Answering an offer of a place."""

from django import forms

from upstream.fields import LongTextField, ShortTextField


class SignForm(forms.Form):
    """A signature under the member agreement. `sha256` is of the text that the page showed."""

    name = ShortTextField(
        label="Your full name",
        help_text="Typing your name signs the agreement for your council.",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your full name"},
    )
    role = ShortTextField(
        label="Your role at the council",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
        error_messages={"required": "Enter your role at the council"},
    )
    agree = forms.BooleanField(
        label="I have read the member agreement and may sign it for my council",
        error_messages={"required": "Tick the box to say that you have read the agreement and may sign it"},
    )
    sha256 = forms.CharField(widget=forms.HiddenInput, required=False)


class DeclineForm(forms.Form):
    """Why the council turns the place down."""

    reason = LongTextField(
        label="Why are you declining?",
        help_text="This helps us to plan. Only our team sees it.",
        max_length=1000,
        error_messages={"required": "Enter why your council declines the place"},
    )

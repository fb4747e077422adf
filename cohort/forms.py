"""Forms about councils and the people who act for them."""

from typing import Any

from django import forms

from cohort.models import Council
from cohort.states import ContactRole
from upstream.fields import RadioField, ShortTextField


class CouncilNameForm(forms.Form):
    """What somebody calls their council."""

    name = ShortTextField(
        label="What is your council called?",
        max_length=150,
        help_text="For example, Oxford City Council. Combined authorities count as councils.",
        error_messages={"required": "Enter the name of your council"},
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class NearCouncilForm(forms.Form):
    """Which of the councils with a name like the one that was typed."""

    council = RadioField(label="Which council do you mean?", error_messages={"required": "Select your council"})
    name = forms.CharField(widget=forms.HiddenInput)
    next = forms.CharField(required=False, widget=forms.HiddenInput)
    choosing = forms.CharField(widget=forms.HiddenInput, initial="yes")

    def __init__(self, *args: Any, near: list[Council], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["council"].choices = [(council.code, council.official_name) for council in near]  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    """A role for somebody who has one already."""

    role = forms.ChoiceField(choices=ContactRole.choices)


def work_email() -> forms.EmailField:
    """Return the field for a colleague's address."""
    return forms.EmailField(
        label="Their work email address",
        max_length=254,
        error_messages={
            "max_length": "Enter an email address of 254 characters or fewer",
            "required": "Enter an email address",
            "invalid": "Enter an email address in the correct format, like name@example.com",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class InviteForm(forms.Form):
    """A colleague to invite."""

    email = work_email()
    role = RadioField(
        label="What can they do?",
        choices=[
            (ContactRole.EDITOR, "Editor: reads and writes"),
            (ContactRole.SUBMITTER, "Submitter: also submits, and decides who acts for the council"),
        ],
        error_messages={"required": "Select what they can do"},
    )


class DelegateForm(forms.Form):
    """A person whom a member council sends. They give their own name when they confirm."""

    email = work_email()

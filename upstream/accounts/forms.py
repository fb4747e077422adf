"""What a person tells us about themselves."""

from typing import Any

from django import forms
from django.http import HttpRequest

from upstream.accounts.models import User
from upstream.fields import ShortTextField


class NameForm(forms.Form):
    """Who somebody is."""

    full_name = ShortTextField(
        label="Your full name",
        max_length=150,
        error_messages={"required": "Enter your full name"},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    job_title = ShortTextField(
        label="Your job title",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )


class SignUpDetailsForm(NameForm):
    """The fields that sign-up asks for beside the email address; allauth builds its own form on this one."""

    def signup(self, request: HttpRequest, user: User) -> None:  # noqa: ARG002  (allauth's signature)
        """Keep the details on the new person."""
        details: dict[str, Any] = self.cleaned_data
        user.full_name = details["full_name"]
        user.job_title = details["job_title"]
        user.save(update_fields=["full_name", "job_title"])


class DetailsForm(NameForm):
    """All that a person can change about themselves beside how they sign in."""

    phone = ShortTextField(
        label="Your phone number",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )

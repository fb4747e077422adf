"""allauth's forms in our own words."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from django.core.validators import MaxLengthValidator
from django.forms import BaseForm

from upstream.accounts.models import User
from upstream.home.adapter import code_in_mailbox

# By field: the label, and what is said when it is empty.
WORDS = {
    "login": ("Email address", "Enter your email address"),
    "email": ("Email address", "Enter your email address"),
    "full_name": ("Your full name", "Enter your full name"),
    "password": ("Password", "Enter your password"),
    "oldpassword": ("Your password now", "Enter your password"),
    "password1": ("New password", "Enter a new password"),
    "password2": ("The new password again", "Enter the new password again"),
    "code": ("Code", "Enter the code"),
}
EMAIL_FORMAT = "Enter an email address in the correct format, like name@example.gov.uk"


def in_our_words(form_class: type[BaseForm]) -> type[BaseForm]:
    """Return the form with our labels and messages. Hints that repeat the page go."""

    class Form(form_class):  # type: ignore[valid-type, misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            for name, field in self.fields.items():
                if name in WORDS:
                    field.label, field.error_messages["required"] = WORDS[name]
                    field.help_text = ""
                if name == "code":
                    field.widget.attrs["class"] = "govuk-input--width-10"
                if name in {"login", "email"}:
                    field.error_messages["invalid"] = EMAIL_FORMAT
                    # Also an address that nobody here has gets an answer by email, so it must fit into the outbox.
                    field.validators.append(MaxLengthValidator(User._meta.get_field("email").max_length))
                    # EmailField's validator speaks before the field does.
                    for validator in field.validators:
                        validator.message = EMAIL_FORMAT

    return Form


def expecting_what_was_sent(form_class: type[BaseForm]) -> type[BaseForm]:
    """Return the form, asking for the code that is in the person's mailbox."""

    class Form(form_class):  # type: ignore[valid-type, misc]
        def __init__(self, *args: Any, code: str = "", **kwargs: Any) -> None:
            super().__init__(*args, code=code_in_mailbox(code), **kwargs)

    return Form


class PasswordLoginForm(account.LoginForm):  # type: ignore[misc]
    """Signing in with a password. Where sign-up asks for none, allauth takes the field away and emails a code instead."""

    def _setup_password_field(self) -> None:
        """Keep the field: people can set a password once they have an account."""


LoginForm = in_our_words(PasswordLoginForm)
SignupForm = in_our_words(account.SignupForm)
AddEmailForm = in_our_words(account.AddEmailForm)
ChangePasswordForm = in_our_words(account.ChangePasswordForm)
SetPasswordForm = in_our_words(account.SetPasswordForm)
ResetPasswordForm = in_our_words(account.ResetPasswordForm)
ResetPasswordKeyForm = in_our_words(account.ResetPasswordKeyForm)
ReauthenticateForm = in_our_words(account.ReauthenticateForm)
RequestLoginCodeForm = in_our_words(account.RequestLoginCodeForm)
ConfirmLoginCodeForm = in_our_words(expecting_what_was_sent(account.ConfirmLoginCodeForm))
ConfirmEmailVerificationCodeForm = in_our_words(expecting_what_was_sent(account.ConfirmEmailVerificationCodeForm))
ConfirmPasswordResetCodeForm = in_our_words(expecting_what_was_sent(account.ConfirmPasswordResetCodeForm))
AuthenticateForm = in_our_words(mfa.AuthenticateForm)
ReauthenticateByCodeForm = in_our_words(mfa.ReauthenticateForm)
ActivateTOTPForm = in_our_words(totp.ActivateTOTPForm)

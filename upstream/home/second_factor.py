"""Who has to prove who they are in two steps, and where they set that up."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from applications.models import PanelMember


def lacks_second_factor(user: Any) -> bool:
    """Return whether the settings ask this person for a second factor that they have not set up.

    They ask who works here and who sits on a panel; councils' people choose.
    """
    if not settings.SECOND_FACTOR_NEEDED:
        return False
    is_asked = user.is_staff or PanelMember.objects.seated().filter(user=user).exists()
    return is_asked and not is_mfa_enabled(user)


def ask_for_second_factor(request: HttpRequest) -> HttpResponse:
    """Send the person to where they set one up."""
    messages.warning(request, "Set up an authenticator app before you go on. It takes about two minutes.")
    return redirect("mfa_activate_totp")

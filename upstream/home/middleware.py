"""Signing in, without losing what somebody typed."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from upstream.home.errors import wants_json, you_are_signed_out


class SignInMiddleware(LoginRequiredMiddleware):
    """Asks everybody to sign in, except where a view says `login_not_required`.

    A script gets 401 as JSON, and a form posted after the session ended gets its text back.
    """

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseBase:  # type: ignore[override]
        """Answer somebody who is not signed in."""
        if wants_json(request):
            return JsonResponse({"error": "signed-out"}, status=401)
        if request.method == "POST":
            return you_are_signed_out(request)
        return super().handle_no_permission(request, view_func)

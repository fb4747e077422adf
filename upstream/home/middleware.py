"""Signing in, without losing what somebody typed, and addresses that cannot be meant."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase, JsonResponse
from django.urls import reverse

from upstream.home.errors import wants_json, you_are_signed_out
from upstream.home.second_factor import ask_for_second_factor, lacks_second_factor


class SignInMiddleware(LoginRequiredMiddleware):
    """Asks everybody to sign in, except where a view says `login_not_required`.

    A script gets 401 as JSON, and a form posted after the session ended gets its text back. People who work here see nothing
    that others do not before they have the second factor that the settings ask for.
    """

    def process_view(self, request: HttpRequest, view_func: Callable[..., Any], *args: Any) -> HttpResponseBase | None:
        """Ask for a sign-in, and then for a second factor, except where people set it up."""
        answer = super().process_view(request, view_func, *args)
        if answer or not request.user.is_authenticated or request.path.startswith(reverse("account")):
            return answer
        is_public = not getattr(view_func, "login_required", True)
        return None if is_public or not lacks_second_factor(request.user) else ask_for_second_factor(request)

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseBase:  # type: ignore[override]
        """Answer somebody who is not signed in."""
        if wants_json(request):
            return JsonResponse({"error": "signed-out"}, status=401)
        if request.method == "POST":
            return you_are_signed_out(request)
        return super().handle_no_permission(request, view_func)


def refuse_null_characters(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer 400 to an address with a null character: no link of ours has one, and PostgreSQL would fail on it in any filter."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path_info:
            return HttpResponseBadRequest()
        return get_response(request)

    return middleware

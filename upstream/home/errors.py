"""Error pages, and handing back what was typed when a form arrives too late to be accepted."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

# What a form of ours sends beside what somebody wrote.
NOT_TYPED = {"revision", "completed", "action"}


def wants_json(request: HttpRequest) -> bool:
    """Return whether a script is asking, rather than a page."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def typed_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what was sent, field by field, so that the page can send it again."""
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken" and "password" not in name
        for value in values
    ]


def you_are_signed_out(request: HttpRequest) -> HttpResponse:
    """Show what was typed, a way to sign in and a button that sends it again."""
    return hand_back(request, status=401)


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Answer a form whose security token no longer fits: usually the person signed in again since."""
    if wants_json(request):
        return JsonResponse({"error": "stale-page"}, status=403)
    return hand_back(request, status=403)


def hand_back(request: HttpRequest, status: int) -> HttpResponse:
    """Render the page that loses nothing. Only a form of our own gets a button to send it again."""
    fields = typed_fields(request)
    context = {
        "fields": fields,
        "typed": [value for name, value in fields if value and name not in NOT_TYPED],
        "can_send_again": is_ours(request),
        "signed_out": not request.user.is_authenticated,
    }
    return render(request, "errors/expired.html", context, status=status)


def is_ours(request: HttpRequest) -> bool:
    """Return whether the browser says that the form was on a page of ours. Silence is no proof: older browsers only send Origin."""
    own_origin = f"{request.scheme}://{request.get_host()}"
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin" and (
        "Sec-Fetch-Site" in request.headers or request.headers.get("Origin") == own_origin
    )

"""Pages that belong to no single app."""

from allauth.account.views import logout
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from applications.models import Application, Call, PanelMember
from cohort.models import CouncilContact
from cohort.states import ContactStatus
from upstream import clock


@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the front page, or a person's own work once they are signed in."""
    now = clock.now()
    calls = Call.objects.published().select_related("cohort").filter(opens_at__lte=now, closes_at__gt=now)
    if not request.user.is_authenticated:
        return render(request, "home/home.html", {"calls": calls})
    standings = CouncilContact.objects.filter(user=request.user).select_related("council", "invited_by")
    applications = Application.objects.of_councils_of(request.user).select_related("call__cohort", "council")
    context = {
        "now": now,
        "calls": calls,
        "applications": applications.with_deadline().order_by("-pk"),
        "invitations": standings.filter(status=ContactStatus.INVITED),
        "waiting": standings.filter(status=ContactStatus.REQUESTED),
        "contacts": standings.filter(status=ContactStatus.ACTIVE),
        "seats": PanelMember.objects.seated().filter(user=request.user).select_related("panel__call__cohort"),
    }
    return render(request, "home/yours.html", context)


def account(request: HttpRequest) -> HttpResponse:
    """Show a person's own details and the ways they sign in."""
    return render(request, "home/account.html")


@login_not_required
def accessibility(request: HttpRequest) -> HttpResponse:
    """Show the accessibility statement."""
    return render(request, "home/accessibility.html")


@login_not_required
def privacy(request: HttpRequest) -> HttpResponse:
    """Show the privacy notice."""
    return render(request, "home/privacy.html")


@login_not_required
def cookies(request: HttpRequest) -> HttpResponse:
    """Show which cookies the site sets."""
    return render(request, "home/cookies.html")


@login_not_required
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ask, then sign out. The browser forgets pages it kept; storage stays, as it may hold text that is not saved yet."""
    response: HttpResponse = logout(request)
    if request.method == "POST":
        response["Clear-Site-Data"] = '"cache"'
    return response


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (a health check looks at nothing in it)
    """Answer a health check: 200 while the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")

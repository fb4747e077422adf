"""Pages that belong to no single app."""

from allauth.account.views import logout
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from applications.models import Application, Call, Interview, PanelMember
from applications.states import ApplicationStatus
from cohort.models import CouncilContact, Delegate, Membership
from cohort.services.people import change_details
from cohort.states import ContactRole, ContactStatus, DelegateStatus
from upstream import clock
from upstream.accounts.forms import DetailsForm
from upstream.accounts.models import User
from upstream.http import UserRequest


@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the front page, or a person's own work once they are signed in."""
    now = clock.now()
    calls = Call.objects.published().select_related("cohort").filter(opens_at__lte=now, closes_at__gt=now)
    if not request.user.is_authenticated:
        return render(request, "home/home.html", {"calls": calls})
    standings = CouncilContact.objects.filter(user=request.user).select_related("council", "invited_by")
    interviews = Prefetch("interviews", Interview.objects.live().select_related("slot"), to_attr="live_interviews")
    applications = (
        Application.objects.of_councils_of(request.user).select_related("call__cohort", "council", "offer").prefetch_related(interviews)
    )
    applications = applications.with_deadline().with_missed_calls().order_by("-pk")
    live = {application.call_id: application for application in applications if application.status != ApplicationStatus.WITHDRAWN}
    context = {
        "now": now,
        "calls": [(call, live.get(call.pk)) for call in calls],
        "applications": applications,
        "invitations": standings.filter(status=ContactStatus.INVITED),
        "waiting": standings.filter(status=ContactStatus.REQUESTED),
        "asking": asking_to_be_accepted(request.user),
        "contacts": standings.filter(status=ContactStatus.ACTIVE),
        "memberships": Membership.objects.of(request.user).select_related("council", "cohort"),
        "delegations": Delegate.objects.filter(user=request.user, status=DelegateStatus.INVITED).select_related(
            "membership__council", "membership__cohort", "named_by"
        ),
        "seats": PanelMember.objects.seated().filter(user=request.user).select_related("panel__call__cohort"),
    }
    return render(request, "home/yours.html", context)


def asking_to_be_accepted(user: User) -> QuerySet[CouncilContact]:
    """Return the requests that a person can answer as a submitter of the council."""
    own = CouncilContact.objects.active().filter(user=user, role=ContactRole.SUBMITTER).values("council")
    requests = CouncilContact.objects.visible_to(user).filter(status=ContactStatus.REQUESTED, council__in=own)
    return requests.select_related("council", "user")


def account(request: HttpRequest) -> HttpResponse:
    """Show a person's own details and the ways they sign in."""
    return render(request, "home/account.html")


@require_http_methods(["GET", "POST"])
def details(request: UserRequest) -> HttpResponse:
    """Let a person change what they have said about themselves."""
    person = request.user
    now = {"full_name": person.full_name, "job_title": person.job_title, "phone": person.phone}
    form = DetailsForm(request.POST if request.method == "POST" else None, initial=now)
    if form.is_valid():
        change_details(user=person, **form.cleaned_data)
        messages.success(request, "Your details are changed.")
        return redirect("account")
    return render(request, "home/details.html", {"form": form})


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

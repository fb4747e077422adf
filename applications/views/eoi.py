"""The council's own pages: starting an EoI, its task list, and where it stands."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from applications.documents import render_eoi_pdf
from applications.models import Application, Call, Letter, Offer
from applications.models.application import ApplicationQuerySet
from applications.policies import can_submit, can_withdraw, can_write
from applications.services.answers import answered_sections
from applications.services.eoi import start_application
from applications.states import ApplicationStatus
from applications.views.eligibility import answers_for, first_unanswered
from cohort.models import Council, CouncilContact, Membership
from cohort.policies import can_act_for
from upstream import clock
from upstream.accounts.models import User
from upstream.documents.models import StoredFile
from upstream.documents.pdf import pdf_response
from upstream.http import UserRequest, check_limit, get_visible_or_404
from upstream.transitions import InvalidTransition

# Nothing in a letter of ours is still to be done.
ANSWERED = {ApplicationStatus.ACCEPTED, ApplicationStatus.DECLINED, ApplicationStatus.LAPSED}


def applications() -> ApplicationQuerySet:
    """Return EoIs with all that these pages show of them."""
    return Application.objects.all().select_related("call__cohort", "council", "submitted_by").with_deadline().with_missed_calls()


def get_application(request: UserRequest, reference: str) -> Application:
    """Return the EoI, or 404 for whoever may not see it."""
    return get_visible_or_404(applications(), request.user, reference=reference)


@require_http_methods(["GET", "POST"])
def begin(request: UserRequest, slug: str) -> HttpResponse:
    """Start the EoI for the council that the eligibility pages found, once the person may act for it."""
    call = get_object_or_404(Call.objects.published(), cohort__slug=slug)
    answers = answers_for(request, call)
    if missing := first_unanswered(call, answers, before="end"):
        return missing
    council = get_object_or_404(Council, code=answers["council"])
    if not can_act_for(request.user, council):
        here = reverse("applications:begin", args=[slug])
        return redirect(f"{reverse('cohort:request')}?{urlencode({'council': council.code, 'next': here})}")
    live = call.applications.live().filter(council=council).first()
    if live:
        return redirect("applications:eoi", live.reference)
    if request.method == "POST":
        try:
            application = start_application(call_id=call.pk, council_id=council.pk, by=request.user)
        except InvalidTransition as refusal:
            return render(request, "applications/eoi_refused.html", {"call": call, "refusal": refusal}, status=409)
        return redirect("applications:eoi", application.reference)
    context = {"call": Call.objects.select_related("cohort").with_deadline_for(council.pk).get(pk=call.pk), "council": council}
    return render(request, "applications/eoi_begin.html", context)


@require_GET
def eoi(request: UserRequest, reference: str) -> HttpResponse:
    """Show the task list while the council may write, and where the EoI stands for ever after."""
    application = get_application(request, reference)
    now = clock.now()
    sections = answered_sections(application)
    context = {
        "application": application,
        "sections": sections,
        "now": now,
        "people": CouncilContact.objects.active().filter(council=application.council_id).select_related("user"),
        "can_submit": can_submit(request.user, application, now),
        "can_withdraw": can_withdraw(request.user, application),
        "done": sum(section.state == "Completed" for section in sections),
        "attempts": application.attempts.count(),
        "letters": letters_about(application, request.user),
        "is_answered": application.status in ANSWERED,
        "offer": Offer.objects.visible_to(request.user).filter(application=application).first(),
        "membership": membership_of(application, request.user),
        "interview": application.interviews.live().select_related("slot").first(),
    }
    if can_write(request.user, application, now):
        return render(request, "applications/eoi_tasks.html", context)
    return render(request, "applications/eoi_standing.html", context)


def membership_of(application: Application, user: User) -> Membership | None:
    """Return the council's place in the call's cohort, once it has one."""
    own = Membership.objects.visible_to(user).select_related("cohort")
    return own.filter(cohort=application.call.cohort, council=application.council_id).first()


def letters_about(application: Application, user: User) -> list[tuple[Letter, StoredFile | None]]:
    """Return the letters that the council has been sent, the newest first, each with its PDF."""
    letters = list(Letter.objects.visible_to(user).released().filter(decision__application=application).order_by("-pk"))
    files = {file.owner_id: file for file in StoredFile.objects.for_owners(Letter, [letter.pk for letter in letters])}
    return [(letter, files.get(letter.pk)) for letter in letters]


@require_GET
def answers(request: UserRequest, reference: str) -> HttpResponse:
    """Show every answer on one page to read or print."""
    application = get_application(request, reference)
    return render(request, "applications/eoi_answers.html", {"application": application, "sections": answered_sections(application)})


@require_GET
def pdf(request: UserRequest, reference: str) -> HttpResponse:
    """Hand over the EoI as a PDF."""
    application = get_application(request, reference)
    check_limit(request, "pdf")
    return pdf_response(f"{application.reference}.pdf", render_eoi_pdf(application))

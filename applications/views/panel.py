"""A panel member's own pages, scoring apart: where they stand, and conflicts of interest."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from applications.forms.panel import ConflictForm, DeclarationForm, WaiveForm
from applications.models import Conflict, PanelMember, Review
from applications.services.conflicts import Interest, declare_conflict, detected, waive_conflict
from applications.services.panel import declare as keep_declaration
from applications.services.panel import to_be_scored, unanswered
from applications.services.reviews import missing, reviews_of
from applications.states import ConflictKind, ConflictStatus, MemberStatus, ReviewStatus
from upstream import clock
from upstream.http import UserRequest, get_visible_or_404
from upstream.transitions import InvalidTransition


def get_seat(request: UserRequest, slug: str) -> PanelMember:
    """Return the person's own seat on a call's panel, or 404 for whoever has none."""
    own = PanelMember.objects.seated().filter(user=request.user).select_related("panel__call__cohort", "user")
    return get_visible_or_404(own, request.user, panel__call__cohort__slug=slug)


def get_active_seat(request: UserRequest, slug: str) -> PanelMember:
    """Return the person's seat once they have declared their conflicts, or 404."""
    member = get_seat(request, slug)
    if member.status != MemberStatus.ACTIVE:
        raise Http404
    return member


def get_review(request: UserRequest, member: PanelMember, reference: str) -> Review:
    """Return the member's own review of an EoI, or 404 for whatever is not open to them."""
    reviews = Review.objects.open_to(request.user).select_related("assignment__application__council", "assignment__application__call")
    return get_visible_or_404(reviews, request.user, assignment__member=member, assignment__application__reference=reference)


def get_given(request: UserRequest, slug: str, reference: str) -> Review:
    """Return the review that the person was once given, or 404. It may be closed to them by now: write to it, and never show it."""
    given = Review.objects.filter(assignment__member__user=request.user).select_related(
        "assignment__member__panel__call__cohort",
        "assignment__member__user",
        "assignment__application__council",
        "assignment__application__call",
    )
    return get_object_or_404(given, assignment__member__panel__call__cohort__slug=slug, assignment__application__reference=reference)


@require_GET
def panel(request: UserRequest, slug: str) -> HttpResponse:
    """Show a member what is left to do, in their own order."""
    member = get_seat(request, slug)
    if member.status != MemberStatus.ACTIVE:
        return redirect("applications:panel_declare", slug)
    criteria = list(member.panel.call.criteria.all())
    lines = [(review, state_of(review, complete=not missing(review, criteria))) for review in reviews_of(member)]
    own = Conflict.objects.filter(user=request.user, application__call=member.panel.call_id).select_related("application__council")
    context = {
        "member": member,
        "panel": member.panel,
        "lines": lines,
        "scored": sum(state in {"Ready to submit", "Submitted"} for _, state in lines),
        "submitted": sum(review.status == ReviewStatus.SUBMITTED for review, _ in lines),
        "left": [(review, state) for review, state in lines if state not in {"Ready to submit", "Submitted"}],
        "new": unanswered(member).count(),
        "undecided": [conflict for conflict in own if conflict.status == ConflictStatus.PROPOSED],
        "closed": [conflict for conflict in own if conflict.status == ConflictStatus.ACTIVE],
        "now": clock.now(),
    }
    return render(request, "applications/panel.html", context)


def state_of(review: Review, *, complete: bool) -> str:
    """Return how the list describes a review."""
    if review.status == ReviewStatus.SUBMITTED:
        return "Submitted"
    if complete:
        return "Ready to submit"
    return "In progress" if review.revision else "Not started"


@require_http_methods(["GET", "POST"])
def declare(request: UserRequest, slug: str) -> HttpResponse:
    """Ask for conflicts of interest before anything opens, and again whenever the member comes back to it."""
    member = get_seat(request, slug)
    applications = list(to_be_scored(member.panel))
    conflicts = Conflict.objects.visible_to(request.user).filter(user=request.user, application__in=applications)
    form = DeclarationForm(
        request.POST if request.method == "POST" else None,
        applications=applications,
        conflicts={conflict.application_id: conflict for conflict in conflicts},
        found={application: how for (_, application), how in detected([member.user], applications).items()},
        new=set(unanswered(member).values_list("pk", flat=True)) if member.declared_at else (),
        initial={"general": member.general_interest},
    )
    if request.method == "POST" and form.is_valid():
        try:
            keep_declaration(
                member_id=member.pk,
                general=form.cleaned_data["general"],
                asked=[application.pk for application in applications],
                interests=form.interests(),
                dismissals=form.dismissals(),
                by=request.user,
            )
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
            return redirect("applications:panel_declare", slug)
        messages.success(request, "Thank you. What you declared has been saved.")
        return redirect("applications:panel", slug)
    return render(request, "applications/panel_declare.html", {"member": member, "panel": member.panel, "form": form})


@require_http_methods(["GET", "POST"])
def conflict(request: UserRequest, slug: str, reference: str) -> HttpResponse:
    """Let a member declare a conflict with an EoI that they were given. It closes to them at once."""
    member = get_active_seat(request, slug)
    application = get_review(request, member, reference).assignment.application
    form = ConflictForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        interest = Interest(ConflictKind(form.cleaned_data["kind"]), form.cleaned_data["detail"])
        declare_conflict(application_id=application.pk, user=request.user, interest=interest, by=request.user)
        messages.success(request, f"You have declared a conflict of interest with {application.council}. It is closed to you now.")
        return redirect("applications:panel", slug)
    return render(request, "applications/panel_conflict.html", {"panel": member.panel, "application": application, "form": form})


@require_GET
def conflicts(request: UserRequest, slug: str) -> HttpResponse:
    """Show the chair who is kept from what, and what has been waived."""
    member = get_chair(request, slug)
    found = Conflict.objects.for_chair(request.user).filter(application__call=member.panel.call_id)
    shown = found.filter(status__in=[ConflictStatus.ACTIVE, ConflictStatus.WAIVED])
    context = {"panel": member.panel, "conflicts": shown.select_related("application__council", "user", "decided_by")}
    return render(request, "applications/panel_conflicts.html", context)


@require_http_methods(["GET", "POST"])
def waive(request: UserRequest, slug: str, pk: int) -> HttpResponse:
    """Let the chair waive somebody's conflict, with a reason."""
    member = get_chair(request, slug)
    waivable = Conflict.objects.for_chair(request.user).active().filter(application__call=member.panel.call_id, pk=pk)
    found = waivable.select_related("application__council", "user").first()
    if found is None:
        raise Http404
    form = WaiveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            waive_conflict(conflict_id=found.pk, reason=form.cleaned_data["reason"], by=request.user)
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{found.application.council} is open to {found.user} again. We have emailed them.")
        return redirect("applications:panel_conflicts", slug)
    return render(request, "applications/panel_waive.html", {"panel": member.panel, "conflict": found, "form": form})


def get_chair(request: UserRequest, slug: str) -> PanelMember:
    """Return the person's seat, or 404 for whoever does not chair the panel."""
    member = get_active_seat(request, slug)
    if not member.is_chair:
        raise Http404
    return member

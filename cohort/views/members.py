"""A member's home, and the people whom it sends."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from cohort.forms import DelegateForm
from cohort.models import Delegate, Membership
from cohort.policies import can_submit_for
from cohort.services import members
from cohort.states import DelegateStatus
from cohort.views.invited import answer_of
from upstream.http import UserRequest, get_visible_or_404
from upstream.transitions import InvalidTransition


@require_http_methods(["GET", "POST"])
def member(request: UserRequest, pk: int) -> HttpResponse:
    """Show a member its programme, its agreement and its people; on POST name a person."""
    membership = get_visible_or_404(Membership.objects.select_related("cohort", "council"), request.user, pk=pk)
    can_name = can_submit_for(request.user, membership.council)
    if request.method == "POST" and not can_name:
        raise PermissionDenied
    form = DelegateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        try:
            members.name_delegate(membership_id=pk, email=email, by=request.user)
        except InvalidTransition as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, f"We have asked {email} to confirm.")
            return redirect("cohort:member", pk)
    delegates = list(membership.delegates.select_related("user", "named_by"))
    current = [each for each in delegates if each.status in DelegateStatus.holding()]
    context = {
        "membership": membership,
        "current": current,
        "former": [each for each in delegates if each not in current],
        "left": membership.seats_left,
        "can_name": can_name,
        "form": form,
    }
    return render(request, "cohort/member.html", context)


@require_http_methods(["GET", "POST"])
def delegate(request: UserRequest, pk: int) -> HttpResponse:
    """Ask a person whether they take part; on POST keep the answer that the button says."""
    mine = Delegate.objects.visible_to(request.user).filter(user=request.user)
    named = get_object_or_404(mine.select_related("membership__council", "membership__cohort", "named_by"), pk=pk)
    if named.status == DelegateStatus.CONFIRMED:
        return redirect("cohort:member", named.membership_id)
    answer, form = answer_of(request, yes="confirm", no="decline")
    if not answer:
        return render(request, "cohort/delegate.html", {"delegate": named, "form": form})
    service = members.confirm_delegate if answer == "confirm" else members.decline_delegate
    try:
        service(delegate_id=pk, by=request.user)
    except InvalidTransition as refusal:
        messages.error(request, str(refusal))
    return redirect("cohort:delegate", pk)


@require_http_methods(["GET", "POST"])
def replace(request: UserRequest, pk: int) -> HttpResponse:
    """Ask for the person who takes a delegate's place, then name them."""
    seated = Delegate.objects.current().select_related("user", "membership__council", "membership__cohort")
    leaving = get_visible_or_404(seated, request.user, pk=pk)
    if not can_submit_for(request.user, leaving.membership.council):
        raise PermissionDenied
    form = DelegateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        try:
            members.replace_delegate(delegate_id=pk, email=email, by=request.user)
        except InvalidTransition as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, f"We have asked {email} to confirm, and told the person who leaves.")
            return redirect("cohort:member", leaving.membership_id)
    return render(request, "cohort/delegate_replace.html", {"delegate": leaving, "form": form})

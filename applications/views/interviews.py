"""A shortlisted council's telephone interview: booking it, changing it, cancelling it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.interviews import BookingForm
from applications.models import Application, Interview, InterviewSlot
from applications.policies import can_book_interview
from applications.services.interviews import (
    SlotTaken,
    book_interview,
    cancel_interview,
    change_interview,
    is_out_of_tries,
)
from applications.views.eoi import get_application
from upstream import clock
from upstream.http import UserRequest
from upstream.transitions import InvalidTransition


def interview_of(request: UserRequest, application: Application) -> Interview | None:
    """Return the council's interview that is booked or has been held."""
    interviews = Interview.objects.visible_to(request.user).live().filter(application=application)
    return interviews.select_related("slot__interviewer", "slot__second_interviewer").first()


@require_http_methods(["GET", "POST"])
def interview(request: UserRequest, reference: str) -> HttpResponse:
    """Offer times to a council that has none, and show the interview to one that has."""
    application = get_application(request, reference)
    if not can_book_interview(request.user, application):
        return redirect("applications:eoi", reference)
    booked = interview_of(request, application)
    if booked and request.method == "POST":
        messages.error(request, "Your council already has an interview, which is shown here.")
        return redirect("applications:interview", reference)
    if booked:
        now = clock.now()
        context = {"application": application, "interview": booked, "slot": booked.slot, "can_change": can_change(booked), "now": now}
        return render(request, "applications/interview.html", context)
    if is_out_of_tries(application):
        return render(request, "applications/interview_missed.html", {"application": application})
    initial = {"contact_name": request.user.full_name, "phone": request.user.phone}
    return choose(request, application, book_interview, initial=initial, done="Your interview is booked.")


@require_http_methods(["GET", "POST"])
def change(request: UserRequest, reference: str) -> HttpResponse:
    """Offer other times to a council that has one, its own among them."""
    application = get_application(request, reference)
    booked = to_change(request, application)
    if booked is None:
        return redirect("applications:interview", reference)
    initial = {"slot": str(booked.slot_id), "contact_name": booked.contact_name, "phone": booked.phone}
    return choose(request, application, change_interview, initial=initial, booked=booked, done="Your interview has been changed.")


@require_http_methods(["GET", "POST"])
def cancel(request: UserRequest, reference: str) -> HttpResponse:
    """Ask, then cancel."""
    application = get_application(request, reference)
    booked = to_change(request, application)
    if booked is None:
        return redirect("applications:interview", reference)
    if request.method == "POST":
        try:
            cancel_interview(application_id=application.pk, by=request.user)
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "Your interview is cancelled.")
        return redirect("applications:interview", reference)
    return render(request, "applications/interview_cancel.html", {"application": application, "slot": booked.slot})


def to_change(request: UserRequest, application: Application) -> Interview | None:
    """Return the council's interview, if it can still be changed. Otherwise say why not, and return None."""
    if not can_book_interview(request.user, application):
        return None  # the page that they are sent to leads on
    booked = interview_of(request, application)
    if booked is None:
        messages.error(request, "Your council has no interview to change.")
        return None
    if not can_change(booked):
        messages.error(request, "It is too late to change or cancel the interview here.")
        return None
    return booked


def can_change(booked: Interview) -> bool:
    """Return whether there is still time to change the interview. The service judges again."""
    return booked.is_booked and clock.now() < booked.slot.changeable_until


def choose(
    request: UserRequest,
    application: Application,
    act: Callable[..., Interview],
    *,
    initial: dict[str, Any],
    done: str,
    booked: Interview | None = None,
) -> HttpResponse:
    """Show the times, or take one. When it is gone meanwhile, show the others and keep what was typed."""
    form = BookingForm(request.POST or None, slots=times(application, booked), initial=initial)
    if booked and request.method == "POST" and not form.has_changed():
        messages.info(request, "You changed nothing, so the interview stays as it is.")
        return redirect("applications:interview", application.reference)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data | {"slot_id": int(form.cleaned_data["slot"])}
        del data["slot"]
        try:
            act(application_id=application.pk, by=request.user, **data)
        except SlotTaken as refusal:
            form = BookingForm(request.POST, slots=times(application, booked), initial=initial)
            form.errors.pop("slot", None)
            form.add_error("slot", str(refusal))
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
            return redirect("applications:interview", application.reference)
        else:
            messages.success(request, done)
            return redirect("applications:interview", application.reference)
    if request.method == "POST" and not form.offered:
        messages.error(request, "That time is no longer available, and no other is free at the moment.")
        return redirect("applications:interview", application.reference)
    return render(request, "applications/interview_choose.html", {"application": application, "form": form, "booked": booked})


def times(application: Application, booked: Interview | None) -> list[InterviewSlot]:
    """Return the times to choose from, in order, the council's own among them."""
    offered = list(InterviewSlot.objects.open_to(application, clock.now()))
    return sorted([*offered, booked.slot], key=lambda slot: slot.starts_at) if booked else offered

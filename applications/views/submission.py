"""Checking the answers, submitting, the receipt, and withdrawing."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from applications.forms.submission import SubmitForm, WithdrawForm
from applications.models import Application, SubmissionAttempt
from applications.notifications.eoi import receipts_of
from applications.policies import can_submit, can_withdraw, can_write
from applications.services.answers import answered_sections
from applications.services.submission import submit_application, withdraw_application
from applications.states import AttemptOutcome
from applications.views.eoi import get_application
from upstream import clock
from upstream.http import UserRequest
from upstream.transitions import InvalidTransition


@require_http_methods(["GET", "POST"])
def check(request: UserRequest, reference: str) -> HttpResponse:
    """Show every answer before submitting; the button under them submits."""
    application = get_application(request, reference)
    if request.method == "POST":
        return submit(request, application)
    if application.submitted_at:
        return redirect("applications:receipt", reference)
    if not can_write(request.user, application, clock.now()):
        return redirect("applications:eoi", reference)
    return show_check(request, application, SubmitForm())


def submit(request: UserRequest, application: Application) -> HttpResponse:
    """Press the button. Whether the person may, in time and with everything, is the service's to judge."""
    form = SubmitForm(request.POST)
    try:
        attempt = submit_application(application_id=application.pk, by=request.user, agreed=form.is_valid())
    except InvalidTransition as refusal:
        messages.error(request, str(refusal))
        return redirect("applications:eoi", application.reference)
    if attempt.outcome == AttemptOutcome.NOT_AGREED:
        return show_check(request, application, form)
    if attempt.outcome == AttemptOutcome.INCOMPLETE:
        return show_check(request, application, form, attempt)
    if attempt.outcome in {AttemptOutcome.ACCEPTED, AttemptOutcome.ALREADY}:
        return redirect("applications:receipt", application.reference)
    return redirect("applications:eoi", application.reference)


def show_check(request: UserRequest, application: Application, form: SubmitForm, attempt: SubmissionAttempt | None = None) -> HttpResponse:
    """Render the answers with what is missing."""
    sections = answered_sections(application)
    context = {
        "application": application,
        "sections": sections,
        "form": form,
        "attempt": attempt,
        "has_errors": attempt is not None,
        "problems": [(section.section, answered) for section in sections for answered in section.problems],
        "can_submit": can_submit(request.user, application, clock.now()),
        "now": clock.now(),
    }
    return render(request, "applications/eoi_check.html", context)


@require_GET
def receipt(request: UserRequest, reference: str) -> HttpResponse:
    """Show the receipt, now and ever after."""
    application = get_application(request, reference)
    if not application.submitted_at:
        return redirect("applications:eoi", reference)
    return render(request, "applications/eoi_receipt.html", {"application": application, "addresses": receipts_of(application)})


@require_http_methods(["GET", "POST"])
def withdraw(request: UserRequest, reference: str) -> HttpResponse:
    """Ask whether to withdraw for good, then do it."""
    application = get_application(request, reference)
    if not can_withdraw(request.user, application):
        return redirect("applications:eoi", reference)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_application(application_id=application.pk, reason=form.cleaned_data["reason"], by=request.user)
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        return redirect("applications:eoi", reference)
    return render(request, "applications/eoi_withdraw.html", {"application": application, "form": form, "now": clock.now()})

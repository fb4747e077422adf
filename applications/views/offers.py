"""A council's offer: reading the agreement, signing it, or turning the place down."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from applications.documents import render_agreement_pdf
from applications.forms.offers import DeclineForm, SignForm
from applications.models import Offer
from applications.policies import can_answer_offer
from applications.services.offers import Signature, accept_offer, decline_offer, text_hash
from upstream import clock
from upstream.documents.pdf import pdf_response
from upstream.http import UserRequest, check_limit, client_address, get_visible_or_404
from upstream.transitions import InvalidTransition


def get_offer(request: UserRequest, reference: str) -> Offer:
    """Return the offer about an EoI, or 404 for whoever may not see it."""
    offers = Offer.objects.select_related("application__call__cohort", "application__council", "answered_by")
    return get_visible_or_404(offers, request.user, application__reference=reference)


@require_http_methods(["GET", "POST"])
def offer(request: UserRequest, reference: str) -> HttpResponse:
    """Show the agreement, with the form that signs it while the offer is open; on POST accept the place."""
    shown = get_offer(request, reference)
    form = SignForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        signature = Signature(data["name"], data["role"], client_address(request), data["sha256"])
        try:
            accept_offer(application_id=shown.application_id, signature=signature, by=request.user)
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
            return redirect("applications:offer", reference)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            return redirect("applications:eoi", reference)
    context = {
        "offer": shown,
        "application": shown.application,
        "form": form,
        "sha256": text_hash(shown),
        "now": clock.now(),
        "can_answer": can_answer_offer(request.user, shown.application),
    }
    return render(request, "applications/offer.html", context)


@require_http_methods(["GET", "POST"])
def decline(request: UserRequest, reference: str) -> HttpResponse:
    """Ask whether to turn the place down for good, then do it."""
    shown = get_offer(request, reference)
    if not can_answer_offer(request.user, shown.application):
        return redirect("applications:offer", reference)
    form = DeclineForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            decline_offer(application_id=shown.application_id, reason=form.cleaned_data["reason"], by=request.user)
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        return redirect("applications:eoi", reference)
    return render(request, "applications/offer_decline.html", {"offer": shown, "application": shown.application, "form": form})


@require_safe
def agreement(request: UserRequest, reference: str) -> HttpResponse:
    """Hand over the agreement as a PDF, with its signature once signed."""
    shown = get_offer(request, reference)
    check_limit(request, "pdf")
    return pdf_response(f"{reference} member agreement.pdf", render_agreement_pdf(shown))

"""The public pages of a call. Staff see them before the call is published, too."""

import hashlib
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.text import get_text_list
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from applications.forms.section import FILE_HINT
from applications.models import Application, Call
from cohort.states import Nation
from upstream import clock, deadlines
from upstream.accounts.models import User
from upstream.documents.pdf import pdf_response, render_pdf
from upstream.http import check_limit, get_visible_or_404

PDF_KEPT_SECONDS = 24 * 3600


def get_call(request: HttpRequest, slug: str) -> Call:
    """Return the call, or 404 where it is not published and the person is not staff."""
    return get_visible_or_404(Call.objects.select_related("cohort"), person(request), cohort__slug=slug)


def person(request: HttpRequest) -> User:
    """Return who asks. Who is not signed in has neither permissions nor a key, which is all that is asked of them."""
    return cast("User", request.user)


def standing(call: Call, user: User) -> dict[str, Any]:
    """Return where the call stands at this moment, for its pages, and the EoIs in it of the councils that the person acts for."""
    now = clock.now()
    is_over = now >= call.closes_at
    return {
        "call": call,
        "is_open": call.is_open(now),
        "is_over": is_over,
        "has_extensions": is_over and call.extensions.filter(approved_at__isnull=False, until__gt=now).exists(),
        "nations": nations_in_words(call),
        "own": Application.objects.live().of_councils_of(user).filter(call=call).select_related("council") if user.pk else [],
        "time_left": deadlines.time_left(call.closes_at, now),
    }


def nations_in_words(call: Call) -> str:
    """Return "England, Scotland and Wales"."""
    return get_text_list([Nation(nation).label for nation in call.nations], "and")


@login_not_required
@require_safe
def call(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the call is about, who may apply, by when, and how EoIs are judged."""
    call = get_call(request, slug)
    context = {
        "criteria": call.criteria.all(),
        "confirmations": confirmations(call),
        "opens_on": deadlines.long_date(localdate(call.opens_at)),
    }
    return render(request, "applications/call.html", standing(call, person(request)) | context)


def confirmations(call: Call) -> str:
    """Return the day by which every council is promised an answer: "Monday 19 August 2019"."""
    return deadlines.long_date(call.cohort.confirmations_due_on)


@login_not_required
@require_safe
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """Show every question on one page, to read and print before starting."""
    call = get_call(request, slug)
    return render(request, "applications/call_questions.html", standing(call, person(request)) | form_of(call))


@login_not_required
@require_safe
def questions_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand over every question as a PDF. It takes a second to make, so it is kept until the page would read otherwise."""
    call = get_call(request, slug)
    check_limit(request, "pdf")
    context = {"call": call} | form_of(call)
    page = render_to_string("applications/call_questions_pdf.html", context)
    key = f"questions-pdf:{hashlib.sha256(page.encode()).hexdigest()}"
    pdf = cache.get_or_set(key, lambda: render_pdf("applications/call_questions_pdf.html", context), PDF_KEPT_SECONDS)
    return pdf_response(f"{call.slug}-questions.pdf", cast("bytes", pdf))


def form_of(call: Call) -> dict[str, Any]:
    """Return the form's sections, each with its questions and what they are judged by, and which files it takes."""
    return {"sections": call.sections.prefetch_related("questions__criterion"), "file_hint": FILE_HINT}


@login_not_required
@require_safe
def terms(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the terms of taking part."""
    return render(request, "applications/call_terms.html", {"call": get_call(request, slug)})

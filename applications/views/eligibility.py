"""May this council apply? A few short questions before the form, answered by anybody and kept in the session.

The answers of a call are the dictionary in the session under `session_key(call)`. An answer that rules the council out
leads to a page with advice, never to an error.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.http import require_http_methods

from applications.forms.eligibility import CouncilForm, InitiativeForm, LeadForm, PeopleForm, WhichCouncilForm
from applications.models import Call
from applications.states import Lead, Readiness
from applications.views.calls import get_call, nations_in_words, person, standing
from cohort.models import Council
from cohort.names import find_councils, find_ended
from cohort.states import CouncilKind
from upstream import clock
from upstream.http import check_limit

MAY_LEAD = {Lead.COUNCIL, Lead.COMBINED_AUTHORITY}
ADVICE = ("third-sector", "other", "not-listed", "initiative", "people")
Page = Callable[[HttpRequest, Call], HttpResponse]


def session_key(call: Call) -> str:
    """Return where the session keeps the answers about a call."""
    return f"eligibility:{call.pk}"


def answers_for(request: HttpRequest, call: Call) -> dict[str, Any]:
    """Return what has been answered so far."""
    return dict(request.session.get(session_key(call), {}))


def keep(request: HttpRequest, call: Call, **answers: Any) -> None:
    """Add to what has been answered."""
    request.session[session_key(call)] = answers_for(request, call) | answers


def while_open(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Make a public view of a page about a call that is open; before and after that, say so instead.

    While an extension runs for some council the questions are open to all: which council it is, they are about to say.
    """

    @login_not_required
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(page)
    def view(request: HttpRequest, slug: str, **kwargs: str) -> HttpResponse:
        call = get_call(request, slug)
        now_standing = standing(call, person(request))
        if not now_standing["is_open"] and not now_standing["has_extensions"]:
            return render(request, "applications/eligibility_not_open.html", now_standing)
        code = answers_for(request, call).get("council")
        show_deadline(call, Council.objects.filter(code=code).first() if code else None)
        return page(request, call, **kwargs)

    return view


def show_deadline(call: Call, council: Council | None) -> None:
    """Put the deadline that the pages show on the call: the council's own once it is known, and none that has passed."""
    deadline = Call.objects.with_deadline_for(council.pk).get(pk=call.pk).deadline if council else call.closes_at  # type: ignore[attr-defined]
    call.deadline = deadline if deadline > clock.now() else None  # type: ignore[attr-defined]


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what was sent, be it nothing at all, or None when the page is only read."""
    return request.POST if request.method == "POST" else None


def ask(request: HttpRequest, call: Call, form: Any, back: str) -> HttpResponse:
    """Show a page with one question."""
    context = {"call": call, "form": form, "back": back, "question": next(iter(form)).label}
    return render(request, "applications/eligibility_question.html", context)


def advise(call: Call, topic: str) -> HttpResponse:
    """Go to the page of advice about an answer."""
    return redirect("applications:advice", call.slug, topic)


@while_open
def start(request: HttpRequest, call: Call) -> HttpResponse:
    """Ask what kind of organisation leads."""
    form = LeadForm(posted(request), initial=answers_for(request, call))
    if request.method == "POST" and form.is_valid():
        lead = form.cleaned_data["lead"]
        keep(request, call, lead=lead)
        return redirect("applications:start_council", call.slug) if lead in MAY_LEAD else advise(call, lead)
    return ask(request, call, form, back=reverse("applications:call", args=[call.slug]))


@while_open
def council(request: HttpRequest, call: Call) -> HttpResponse:
    """Ask which council leads, and offer those that may be meant where the name is not exactly one council's."""
    if answers_for(request, call).get("lead") not in MAY_LEAD:
        return redirect("applications:start", call.slug)
    day = localdate(call.closes_at)
    form = CouncilForm(posted(request), initial={"council": kept_name(request, call)})
    context: dict[str, Any] = {"call": call, "form": form}
    if request.method == "POST" and form.is_valid():
        check_limit(request, "council_search")
        typed = form.cleaned_data["council"]
        found = find_councils(typed, day)
        if len(found.exact) == 1:
            return redirect("applications:start_confirm", call.slug, found.exact[0].code)
        if not found.exact and (ended := find_ended(typed, day)):
            return redirect("applications:start_confirm", call.slug, ended[0].code)
        if meant := found.exact or found.near:
            return which_council(request, call, typed, meant, is_exact=bool(found.exact))
        form.add_error("council", f"We cannot find a council called “{typed}”. Check the spelling, or choose from the list")
    context["councils"] = Council.objects.existing_on(day).filter(nation__in=call.nations).only("official_name")
    return render(request, "applications/eligibility_council.html", context)


def kept_name(request: HttpRequest, call: Call) -> str:
    """Return the name of the council that was confirmed before, or nothing."""
    code = answers_for(request, call).get("council", "")
    return Council.objects.filter(code=code).values_list("official_name", flat=True).first() or "" if code else ""


def which_council(request: HttpRequest, call: Call, typed: str, meant: list[Council], *, is_exact: bool) -> HttpResponse:
    """Offer the councils that bear the name or may be meant."""
    form = WhichCouncilForm(request.POST if "code" in request.POST or "choose" in request.POST else None, councils=meant)
    several, none = f"More than one council is called “{typed}”.", f"No council is called “{typed}”. These names are near it."
    form.fields["code"].help_text = several if is_exact else none
    if form.is_bound and form.is_valid():
        code = form.cleaned_data["code"]
        return advise(call, "not-listed") if code == form.NONE else redirect("applications:start_confirm", call.slug, code)
    context = {"call": call, "form": form, "typed": typed, "back": reverse("applications:start_council", args=[call.slug])}
    return render(request, "applications/eligibility_which.html", context)


@while_open
def confirm(request: HttpRequest, call: Call, code: str) -> HttpResponse:
    """Show the council that was found and ask whether it is the right one, or say why it cannot apply."""
    if answers_for(request, call).get("lead") not in MAY_LEAD:
        return redirect("applications:start", call.slug)
    council = get_object_or_404(Council, code=code)
    day = localdate(call.closes_at)
    exists = Council.objects.existing_on(day).filter(pk=council.pk).exists()
    covered = council.nation in call.nations
    context = {"call": call, "council": council, "exists": exists, "covered": covered, "nations": nations_in_words(call)}
    show_deadline(call, council)
    if call.deadline is None:  # type: ignore[attr-defined]
        return render(request, "applications/eligibility_not_open.html", standing(call, person(request)))
    if not exists or not covered:
        context["successors"] = council.successors.existing_on(day) if not exists else []
        context["has_ended"] = bool(council.ends_on and council.ends_on < localdate(clock.now()))
        return render(request, "applications/eligibility_council_advice.html", context)
    if request.method == "POST":
        # The register knows better than whoever chose before the council was named.
        is_combined = council.kind == CouncilKind.COMBINED_AUTHORITY
        keep(request, call, council=council.code, lead=Lead.COMBINED_AUTHORITY if is_combined else Lead.COUNCIL)
        return redirect("applications:start_initiative", call.slug)
    return render(request, "applications/eligibility_confirm.html", context)


@while_open
def initiative(request: HttpRequest, call: Call) -> HttpResponse:
    """Ask whether there is something to work on."""
    if missing := first_unanswered(call, answers_for(request, call), before="initiative"):
        return missing
    form = InitiativeForm(posted(request), initial=answers_for(request, call))
    if request.method == "POST" and form.is_valid():
        keep(request, call, initiative=form.cleaned_data["initiative"])
        if form.cleaned_data["initiative"] == Readiness.NONE:
            return advise(call, "initiative")
        return redirect("applications:start_people", call.slug)
    return ask(request, call, form, back=reverse("applications:start_council", args=[call.slug]))


@while_open
def people(request: HttpRequest, call: Call) -> HttpResponse:
    """Ask whether two people can take part."""
    if missing := first_unanswered(call, answers_for(request, call), before="people"):
        return missing
    form = PeopleForm(posted(request), initial=answers_for(request, call))
    if request.method == "POST" and form.is_valid():
        keep(request, call, people=form.cleaned_data["people"])
        return redirect("applications:can_apply", call.slug) if form.cleaned_data["people"] else advise(call, "people")
    return ask(request, call, form, back=reverse("applications:start_initiative", args=[call.slug]))


@while_open
def can_apply(request: HttpRequest, call: Call) -> HttpResponse:
    """Say that the council can apply, with the answers to look over, and lead on to signing in or to the form."""
    answers = answers_for(request, call)
    if missing := first_unanswered(call, answers, before="end"):
        return missing
    council = get_object_or_404(Council, code=answers["council"])
    rows = [
        {"key": "Who would lead", "value": Lead(answers["lead"]).label, "url": reverse("applications:start", args=[call.slug])},
        {"key": "Council", "value": council.official_name, "url": reverse("applications:start_council", args=[call.slug])},
        {
            "key": "Initiative",
            "value": Readiness(answers["initiative"]).label,
            "url": reverse("applications:start_initiative", args=[call.slug]),
        },
        {"key": "Two senior people", "value": "Yes", "url": reverse("applications:start_people", args=[call.slug])},
    ]
    return render(request, "applications/eligibility_can_apply.html", {"call": call, "council": council, "rows": rows})


def first_unanswered(call: Call, answers: dict[str, Any], *, before: str) -> HttpResponse | None:
    """Go back to the first question without an answer that lets the council apply, or return None."""
    steps = (
        ("council", "start", answers.get("lead") in MAY_LEAD),
        ("initiative", "start_council", bool(answers.get("council"))),
        ("people", "start_initiative", answers.get("initiative") in {Readiness.LIVE, Readiness.IMMINENT}),
        ("end", "start_people", answers.get("people") is True),
    )
    for step, page, answered in steps:
        if not answered:
            return redirect(f"applications:{page}", call.slug)
        if step == before:
            return None
    return None


@while_open
def advice(request: HttpRequest, call: Call, topic: str) -> HttpResponse:
    """Say why the council cannot apply as things are, and what it can do."""
    if topic not in ADVICE:
        raise Http404
    return render(request, "applications/eligibility_advice.html", {"call": call, "topic": topic})

"""Scoring one EoI after another, and submitting the scores together."""

from dataclasses import dataclass

from django.contrib import messages
from django.forms.boundfield import BoundField
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from applications.forms.panel import ScoreForm
from applications.models import Criterion, PanelMember, Review
from applications.services.answers import Answered
from applications.services.reviews import (
    CannotScore,
    Judgement,
    ScoreConflict,
    judgements,
    missing,
    parts_of,
    reviews_of,
    save_scores,
    submit_reviews,
)
from applications.states import MemberStatus, ReviewStatus
from applications.views.autosaving import answer_closed, answer_overtaken, answer_saved, typed_revision, who_saved
from applications.views.panel import get_active_seat, get_given, get_review
from upstream.deadlines import counted
from upstream.http import UserRequest


@dataclass(frozen=True)
class Card:
    """A criterion on the page: the answers that bear on it, its fields, and what others have said, or is saved elsewhere."""

    criterion: Criterion | None
    answers: list[Answered]
    fields: tuple[BoundField, BoundField] | None
    judgement: Judgement | None
    others: list[tuple[Review, Judgement]]
    saved_elsewhere: Judgement | None = None


@require_http_methods(["GET", "POST"])
def score(request: UserRequest, slug: str, reference: str) -> HttpResponse:
    """Show an EoI beside its scores, or save them."""
    if request.method == "GET":
        member = get_active_seat(request, slug)
        return show(request, member, get_review(request, member, reference))
    review = get_given(request, slug, reference)
    member = review.assignment.member
    form = form_of(request, review)
    unreadable = form.unreadable()
    try:
        save(request, review, form)
    except ScoreConflict as conflict:
        return show(request, member, conflict.review, form, status=409, conflict=who_saved(conflict.review, request.user, request.user))
    except CannotScore as refusal:
        context = {"review": review, "typed": form.typed(), "why": refusal, "is_seated": member.status != MemberStatus.WITHDRAWN}
        return render(request, "applications/score_closed.html", context, status=closed_status(request, review))
    if unreadable:
        return show(request, member, get_review(request, member, reference), form)
    return after(request, member, review)


def closed_status(request: UserRequest, review: Review) -> int:
    """Return 409 where the person may still read the review, and 404, as everywhere, where they may not."""
    return 409 if Review.objects.visible_to(request.user).filter(pk=review.pk).exists() else 404


def form_of(request: UserRequest, review: Review) -> ScoreForm:
    """Return what was typed."""
    form = ScoreForm(request.POST, review=review, criteria=review.assignment.application.call.criteria.all())
    form.is_valid()
    return form


def save(request: UserRequest, review: Review, form: ScoreForm) -> Review:
    """Keep what was typed, as far as it can be read."""
    return save_scores(
        review_id=review.pk,
        revision=typed_revision(request),
        values=form.values(),
        note=form.note_or(review.note),
        by=request.user,
    )


def after(request: UserRequest, member: PanelMember, review: Review) -> HttpResponse:
    """Go to the next EoI, to the page that checks them all after the last one, or back to the list."""
    slug = member.panel.call.slug
    if request.POST.get("action") == "later":
        return redirect("applications:panel", slug)
    following = neighbours(member, review)[2]
    if following:
        return redirect("applications:score", slug, following.assignment.application.reference)
    return redirect("applications:panel_check", slug)


def neighbours(member: PanelMember, review: Review) -> tuple[list[Review], Review | None, Review | None]:
    """Return all the member's reviews in their own order, the one before this and the one after."""
    reviews = reviews_of(member)
    place = reviews.index(review)
    return reviews, reviews[place - 1] if place else None, reviews[place + 1] if place + 1 < len(reviews) else None


def show(
    request: UserRequest, member: PanelMember, review: Review, form: ScoreForm | None = None, *, status: int = 200, conflict: str = ""
) -> HttpResponse:
    """Render the page: with fields, or to be read once it is submitted, then with what others gave."""
    application = review.assignment.application
    parts = parts_of(application)
    criteria = [part.criterion for part in parts if part.criterion]
    locked = review.status == ReviewStatus.SUBMITTED
    form = form or ScoreForm(review=review, criteria=criteria)
    stored = judgements(review)
    typed = form.values() if conflict else {}
    others = others_of(request, review) if locked else []

    def card(criterion: Criterion | None, answers: list[Answered]) -> Card:
        if criterion is None:
            return Card(None, answers, None, None, [])
        said = [(other, found[criterion.pk]) for other, found in others if criterion.pk in found]
        saved = stored.get(criterion.pk, Judgement(None, ""))
        differs = bool(conflict) and typed.get(criterion.pk) not in {None, saved}
        return Card(criterion, answers, None if locked else form.fields_of(criterion), saved, said, saved if differs else None)

    reviews, before, following = neighbours(member, review)
    context = {
        "panel": member.panel,
        "application": application,
        "review": review,
        "locked": locked,
        "form": None if locked else form,
        "conflict": conflict,
        "cards": [card(part.criterion, part.answers) for part in parts],
        "others": others,
        "place": reviews.index(review) + 1,
        "total": len(reviews),
        "before": before,
        "following": following,
    }
    return render(request, "applications/score.html", context, status=status)


def others_of(request: UserRequest, review: Review) -> list[tuple[Review, dict[int, Judgement]]]:
    """Return what other members gave the same EoI, which opens once one's own scores are submitted."""
    others = Review.objects.visible_to(request.user).counting().filter(assignment__application=review.assignment.application_id)
    others = others.exclude(pk=review.pk).select_related("assignment__member__user").prefetch_related("scores")
    return [(other, judgements(other)) for other in others]


@require_POST
def autosave(request: UserRequest, slug: str, reference: str) -> JsonResponse:
    """Save as a member types. Answers as the script's head comment says."""
    review = get_given(request, slug, reference)
    form = form_of(request, review)
    try:
        saved = save(request, review, form)
    except ScoreConflict as conflict:
        return answer_overtaken(conflict.review, request.user, request.user)
    except CannotScore as refusal:
        return answer_closed(status=closed_status(request, review), why=str(refusal))
    return answer_saved(saved, form.unreadable())


@require_http_methods(["GET", "POST"])
def check(request: UserRequest, slug: str) -> HttpResponse:
    """Show all scores with what is missing; the button under them submits those that are complete."""
    member = get_active_seat(request, slug)
    if request.method == "POST":
        submitted = submit_reviews(member_id=member.pk, by=request.user)
        if submitted:
            number = counted(len(submitted), "expression")
            messages.success(request, f"You have submitted your scores for {number} of interest. Thank you.")
        else:
            messages.error(request, "No scores were complete, so none were submitted.")
        return redirect("applications:panel", slug)
    criteria = list(member.panel.call.criteria.all())
    lines = [line_of(review, criteria) for review in reviews_of(member)]
    context = {
        "panel": member.panel,
        "criteria": criteria,
        "lines": lines,
        "ready": sum(not line.missing and not line.locked for line in lines),
        "missing": sum(bool(line.missing) for line in lines),
    }
    return render(request, "applications/score_check.html", context)


@dataclass(frozen=True)
class Line:
    """A review on the page that checks them all."""

    review: Review
    locked: bool
    given: list[Judgement]
    missing: str


def line_of(review: Review, criteria: list[Criterion]) -> Line:
    """Return a review with its scores in the order of the criteria, and what it lacks."""
    found, nothing = judgements(review), Judgement(None, "")
    locked = review.status == ReviewStatus.SUBMITTED
    return Line(review, locked, [found.get(criterion.pk, nothing) for criterion in criteria], "" if locked else missing(review, criteria))

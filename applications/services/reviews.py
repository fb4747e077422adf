"""Scoring: saving as a member types, submitting together, and what staff reopen. A save locks its review."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from applications.models import Application, Conflict, Criterion, CriterionScore, PanelMember, Review
from applications.notifications import panel as notifications
from applications.services.answers import Answered, answered_sections
from applications.services.panel import lock_panel
from applications.states import REVIEW_TRANSITIONS, ApplicationStatus, AssignmentStatus, MemberStatus, ReviewStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record, record_each
from upstream.deadlines import counted
from upstream.fields import count_words
from upstream.transitions import InvalidTransition, check_transition

REASON_WORDS = 150


class CannotScore(Exception):
    """The scores can no longer be changed by this person. Says why in a sentence."""


class ScoreConflict(Exception):
    """The same person saved these scores in another window. Nothing was overwritten."""

    def __init__(self, review: Review) -> None:
        super().__init__("The scores were saved in another window")
        self.review = review


@dataclass(frozen=True)
class Judgement:
    """A score and its reason, however unfinished."""

    score: int | None
    reason: str

    @property
    def has_reason(self) -> bool:
        """Whether there is a reason, however short."""
        return bool(self.reason.strip())

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been said yet."""
        return self.score is None and not self.has_reason

    @property
    def is_too_long(self) -> bool:
        """Whether the reason has more words than it may."""
        return count_words(self.reason) > REASON_WORDS


@dataclass(frozen=True)
class Part:
    """A criterion with the answers that bear on it, or the answers that bear on none."""

    criterion: Criterion | None
    answers: list[Answered]


def parts_of(application: Application) -> list[Part]:
    """Return what a panel member reads: first what belongs to no criterion, then the criteria in order. Hidden answers are left out."""
    shown = [
        answered for section in answered_sections(application) for answered in section.answers if not answered.question.hidden_from_panel
    ]
    criteria: list[Criterion | None] = [None, *application.call.criteria.all()]
    by_criterion = {criterion.pk if criterion else None: Part(criterion, []) for criterion in criteria}
    for answered in shown:
        by_criterion[answered.question.criterion_id].answers.append(answered)
    return list(by_criterion.values())


def own_order(member: PanelMember, reviews: QuerySet[Review]) -> list[Review]:
    """Return the reviews in the member's own order: shuffled, and the same every time."""

    def place(review: Review) -> str:
        key = f"{member.panel.seed}:{member.pk}:{review.assignment.application_id}"
        return hashlib.sha256(key.encode()).hexdigest()

    return sorted(reviews, key=place)


def reviews_of(member: PanelMember) -> list[Review]:
    """Return the reviews that are open to a member, in their own order, with their scores."""
    reviews = Review.objects.open_to(member.user).filter(assignment__member=member)
    return own_order(member, reviews.select_related("assignment__application__council").prefetch_related("scores"))


def judgements(review: Review) -> dict[int, Judgement]:
    """Return what is scored so far, by criterion."""
    return {row.criterion_id: Judgement(row.score, row.reason) for row in review.scores.all()}


def missing(review: Review, criteria: list[Criterion]) -> str:
    """Return what stops the review from being submitted, in a few words, or nothing: "3 scores and 4 reasons missing"."""
    found, nothing = judgements(review), Judgement(None, "")
    given = [found.get(criterion.pk, nothing) for criterion in criteria]
    if given and all(judgement.is_empty for judgement in given):
        return "Not started"
    scores = counted(sum(judgement.score is None for judgement in given), "score")
    reasons = counted(sum(not judgement.has_reason for judgement in given), "reason")
    too_long = counted(sum(judgement.is_too_long for judgement in given), "reason")
    lacking = " and ".join(filter(None, [scores, reasons]))
    return ", ".join(filter(None, [lacking and f"{lacking} missing", too_long and f"{too_long} longer than {REASON_WORDS} words"]))


@transaction.atomic
def save_scores(*, review_id: int, revision: int, values: Mapping[int, Judgement], note: str, by: User) -> Review:
    """Keep scores and reasons by criterion, and the note. `revision` is the one that the person's page was made from.

    Raises ScoreConflict when another window has saved something else since, and CannotScore once they are locked or closed.
    """
    review = lock_open_review(review_id, by)
    criteria = set(Criterion.objects.filter(call__applications__assignments=review.assignment_id).values_list("pk", flat=True))
    values = {criterion: judgement for criterion, judgement in values.items() if criterion in criteria}
    stored, nothing = judgements(review), Judgement(None, "")
    if review.note == note and all(stored.get(criterion, nothing) == judgement for criterion, judgement in values.items()):
        return review
    if revision != review.revision:
        raise ScoreConflict(review)
    rows = [
        CriterionScore(review=review, criterion_id=criterion, score=judgement.score, reason=judgement.reason)
        for criterion, judgement in values.items()
    ]
    CriterionScore.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["review", "criterion"], update_fields=["score", "reason"]
    )
    review.note = note
    review.revision += 1
    review.saved_at = clock.now()
    review.save(update_fields=["note", "revision", "saved_at"])
    return review


def lock_open_review(review_id: int, by: User) -> Review:
    """Lock a review and return it while this person may write it. Raises CannotScore."""
    Review.objects.select_for_update(no_key=True).get(pk=review_id)
    review = Review.objects.open_to(by).filter(pk=review_id, status=ReviewStatus.DRAFT).first()
    if review is None:
        raise CannotScore(why_closed(review_id))
    return review


def why_closed(review_id: int) -> str:
    """Return why the member who was given a review can no longer write it, in words to that member."""
    review = Review.objects.select_related("assignment__member", "assignment__application").get(pk=review_id)
    assignment, member = review.assignment, review.assignment.member
    conflicts = Conflict.objects.active().filter(user=member.user_id, application=assignment.application_id)
    reasons = (
        (member.status == MemberStatus.WITHDRAWN, "You no longer sit on this panel."),
        (
            member.status == MemberStatus.INVITED,
            "You have been invited to this panel again, so first declare your conflicts of interest.",
        ),
        (conflicts.exists(), "You have a conflict of interest with this expression of interest, so it is closed to you."),
        (
            assignment.application.status == ApplicationStatus.WITHDRAWN,
            "The council has withdrawn this expression of interest, so you do not need to score it.",
        ),
        (
            assignment.status != AssignmentStatus.COMMITTED,
            "This expression of interest has been taken off your list, so you do not need to score it.",
        ),
        (
            review.status == ReviewStatus.SUBMITTED,
            "You have submitted these scores, so they are locked. If you need to change them, ask the programme office to reopen them.",
        ),
    )
    return next((why for holds, why in reasons if holds), "These scores can no longer be changed.")


@transaction.atomic
def submit_reviews(*, member_id: int, by: User) -> list[Review]:
    """Submit every complete review of a member together, and return them. They are locked from then on.

    Locks the panel, then the reviews. A second press finds nothing to submit.
    """
    lock_panel(PanelMember.objects.values_list("panel", flat=True).get(pk=member_id))
    drafts = Review.objects.open_to(by).filter(assignment__member=member_id, status=ReviewStatus.DRAFT)
    locked = list(Review.objects.select_for_update(no_key=True).filter(pk__in=drafts.values("pk")).order_by("pk"))
    criteria = list(Criterion.objects.filter(call__panel__members=member_id))
    complete = [
        review
        for review in Review.objects.filter(pk__in=[review.pk for review in locked]).select_related("assignment").prefetch_related("scores")
        if not missing(review, criteria)
    ]
    now = clock.now()
    for review in complete:
        check_transition(review.status, ReviewStatus.SUBMITTED, REVIEW_TRANSITIONS)
        review.status = ReviewStatus.SUBMITTED
        review.submitted_at = now
    Review.objects.bulk_update(complete, ["status", "submitted_at"])
    acts = [(review, {"application": review.assignment.application_id, "revision": review.revision}) for review in complete]
    record_each(actor=by, verb="review.submitted", acts=acts)
    return complete


@transaction.atomic
def reopen_review(*, review_id: int, reason: str, by: User) -> Review:
    """Let a member change scores that they have submitted, and tell them. Until they submit again these do not count.

    Raises InvalidTransition for the review of somebody who can no longer submit it: it would be out of the count for good.
    """
    Review.objects.select_for_update(no_key=True).get(pk=review_id)
    review = Review.objects.select_related("assignment__member__user", "assignment__member__panel__call", "assignment__application").get(
        pk=review_id
    )
    check_transition(review.status, ReviewStatus.DRAFT, REVIEW_TRANSITIONS)
    if not Review.objects.open_to(review.assignment.member.user).filter(pk=review_id).exists():
        message = "This member can no longer score this expression of interest, so the review stays as it is."
        raise InvalidTransition(message)
    review.status = ReviewStatus.DRAFT
    review.submitted_at = None
    review.reopened_reason = reason
    review.save(update_fields=["status", "submitted_at", "reopened_reason"])
    notifications.reopened(review, clock.now())
    record(actor=by, verb="review.reopened", subject=review, application=review.assignment.application_id)
    return review

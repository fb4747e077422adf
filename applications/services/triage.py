"""Triage: assessors take EoIs up one at a time, score them alone, and see each other's once they have finished.

Each function locks the EoI and reads everything after the lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.timezone import localdate

from applications.models import Application, Assessment, AssessmentScore, Conflict, Criterion, Decision
from applications.models.triage import MOST_ASSESSORS
from applications.services.conflicts import propose_detected, refuse_unanswered
from applications.services.scoring import compared
from applications.states import ApplicationStatus
from cohort.models import Council
from cohort.states import CouncilKind
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.deadlines import in_words
from upstream.transitions import InvalidTransition


class AssessmentConflict(Exception):
    """The assessment was saved in another window since this page was opened. Nothing was overwritten."""

    def __init__(self, assessment: Assessment) -> None:
        super().__init__("The assessment was saved in another window")
        self.assessment = assessment


class Opinion(NamedTuple):
    """A score against one criterion, None while there is none, and its reason."""

    score: int | None
    reason: str


@dataclass(frozen=True)
class Draft:
    """What an assessor has written so far. `opinions` are by criterion id."""

    opinions: Mapping[int, Opinion] = field(default_factory=dict)
    is_eligible: bool | None = None
    ineligible_reason: str = ""
    note: str = ""


class Fact(NamedTuple):
    """A condition of eligibility that the records themselves answer."""

    text: str
    holds: bool
    detail: str


def open_to(user: User) -> QuerySet[Application]:
    """Return the EoIs that the person could take up, those first that only wait for their last assessor.

    They are submitted and undecided, the person may see them, has not taken them up and has no possible conflict of interest to
    answer first, and a seat is free.
    """
    counting = Assessment.objects.unconflicted().filter(application=OuterRef("pk")).order_by()

    def number(assessments: QuerySet[Assessment]) -> Coalesce:
        return Coalesce(Subquery(assessments.values("application").annotate(number=Count("pk")).values("number")), 0)

    waiting = Application.objects.visible_to(user).filter(status=ApplicationStatus.SUBMITTED)
    return (
        waiting.exclude(pk__in=Conflict.objects.proposed().filter(user=user).values("application"))
        .exclude(Exists(Assessment.objects.filter(application=OuterRef("pk"), assessor=user)))
        .exclude(Exists(Decision.objects.held().filter(application=OuterRef("pk"))))
        .annotate(taken=number(counting), finished=number(counting.completed()))
        .filter(taken__lt=F("assessors_wanted"))
        .order_by("-finished", "reference")
    )


def go_on(*, call_id: int, by: User) -> Assessment | None:
    """Return what the person has started in the call, the first of it first, or take up the next EoI. None when nothing is left."""
    started = Assessment.objects.taken_up(by).filter(assessor=by, application__call=call_id)
    return started.order_by("claimed_at").first() or claim_next(call_id=call_id, by=by)


def claim_next(*, call_id: int, by: User) -> Assessment | None:
    """Take up the next EoI of the call and return the assessment, or None when nothing is left for this person.

    Whoever loses a race for the last seat of one EoI is served another.
    """
    while (application_id := open_to(by).filter(call=call_id).values_list("pk", flat=True).first()) is not None:
        try:
            return claim(application_id=application_id, by=by)
        except InvalidTransition:
            continue
    return None


def claim(*, application_id: int, by: User) -> Assessment:
    """Take up this EoI, in its lowest free seat. Raises InvalidTransition when there is none for this person.

    A possible conflict of interest that is found first stays on record though the EoI is refused, so that they can answer it.
    """
    propose_detected([by], Application.objects.filter(pk=application_id))
    return _take_seat(application_id, by)


@transaction.atomic
def _take_seat(application_id: int, by: User) -> Assessment:
    application = lock(application_id)
    refuse_unanswered(application, by)
    if not open_to(by).filter(pk=application_id).exists():
        message = "There is no place left for you on this expression of interest. It may have been taken, decided or withdrawn meanwhile."
        raise InvalidTransition(message)
    seat = free_seat(application)
    assessment = Assessment.objects.create(application=application, assessor=by, seat=seat, claimed_at=clock.now())
    record(actor=by, verb="assessment.claimed", subject=application, seat=seat)
    return assessment


def free_seat(application: Application) -> int:
    """Return the lowest seat that nobody sits in. Whoever has finished keeps theirs, though a conflict may take their scores out."""
    taken = set(application.assessments.values_list("seat", flat=True))
    return min(set(range(1, len(taken) + 2)) - taken)


@transaction.atomic
def put_back(*, assessment_id: int, by: User, reason: str = "") -> None:
    """Give an unfinished EoI back to the queue, with what was written about it.

    Anybody gives their own back. Raises ValidationError for somebody else's without a reason, or without the permission to decide.
    """
    assessment = lock_assessment(assessment_id)
    if assessment.completed_at:
        message = "This assessment is complete, so it stays."
        raise InvalidTransition(message)
    if assessment.assessor_id != by.pk and not (reason and by.has_perm("applications.decide_application")):
        message = "Only whoever decides can give back what somebody else has taken up, and says why."
        raise ValidationError(message)
    application, assessor = assessment.application, assessment.assessor_id
    assessment.delete()
    record(actor=by, verb="assessment.put_back", subject=application, assessor=assessor, reason=reason)


@transaction.atomic
def save_assessment(*, assessment_id: int, revision: int, draft: Draft, by: User) -> Assessment:
    """Keep what an assessor has written so far, however unfinished.

    `revision` is the one the page was made from. Raises AssessmentConflict when another window has saved something else
    since, and InvalidTransition when the assessment can no longer be changed.
    """
    assessment = lock_own(assessment_id, by)
    if assessment.completed_at:
        message = "This assessment is complete. Open it again to change it."
        raise InvalidTransition(message)
    if draft == written(assessment):
        return assessment
    if revision != assessment.revision:
        raise AssessmentConflict(assessment)
    rows = [AssessmentScore(assessment=assessment, criterion_id=pk, **opinion._asdict()) for pk, opinion in draft.opinions.items()]
    AssessmentScore.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["assessment", "criterion"], update_fields=["score", "reason"]
    )
    assessment.is_eligible = draft.is_eligible
    assessment.ineligible_reason = draft.ineligible_reason
    assessment.note = draft.note
    assessment.revision += 1
    assessment.saved_at = clock.now()
    assessment.save(update_fields=["is_eligible", "ineligible_reason", "note", "revision", "saved_at"])
    return assessment


@transaction.atomic
def complete_assessment(*, assessment_id: int, by: User) -> Assessment:
    """Finish the assessment as it is saved: from now on it counts, and its assessor sees the others'.

    Raises ValidationError, by the form's fields, while something is missing.
    """
    assessment = lock_own(assessment_id, by)
    if assessment.completed_at:
        return assessment
    if missing := problems(assessment):
        raise ValidationError(missing)
    assessment.completed_at = clock.now()
    assessment.save(update_fields=["completed_at"])
    record(actor=by, verb="assessment.completed", subject=assessment.application, seat=assessment.seat)
    return assessment


@transaction.atomic
def reopen_assessment(*, assessment_id: int, by: User) -> Assessment:
    """Take one's own assessment up again, until the decision is on its way to the council. Raises InvalidTransition after that."""
    assessment = lock_own(assessment_id, by)
    if assessment.completed_at is None:
        return assessment
    if Decision.objects.held().filter(application=assessment.application_id, release__isnull=False).exists():
        message = "The decision is in a release that waits for a second person. Take the release back first."
        raise InvalidTransition(message)
    assessment.completed_at = None
    assessment.save(update_fields=["completed_at"])
    record(actor=by, verb="assessment.reopened", subject=assessment.application, seat=assessment.seat)
    return assessment


@transaction.atomic
def ask_for_third(*, application_id: int, by: User) -> Application:
    """Ask for a third assessor where two differ. Raises InvalidTransition unless they do and nothing is decided."""
    application = lock(application_id)
    [comparison] = compared(Application.objects.visible_to(by).filter(pk=application_id), Assessment.objects.all())
    if not comparison.may_ask_third:
        message = (
            "A third assessor is asked for where two have finished and differ, and before a decision. Reload the page to see how it stands."
        )
        raise InvalidTransition(message)
    application.assessors_wanted = MOST_ASSESSORS
    application.save(update_fields=["assessors_wanted"])
    record(actor=by, verb="application.third_asked", subject=application)
    return application


def lock(application_id: int) -> Application:
    """Lock the EoI and return it."""
    return Application.objects.select_for_update(no_key=True, of=("self",)).select_related("call").get(pk=application_id)


def lock_assessment(assessment_id: int) -> Assessment:
    """Lock the EoI and return its assessment. Raises InvalidTransition when somebody has put it back."""
    Application.objects.select_for_update(no_key=True, of=("self",)).filter(assessments=assessment_id).first()
    assessment = Assessment.objects.select_related("application__call").filter(pk=assessment_id).first()
    if assessment is None:
        message = "This assessment has been given back to the queue."
        raise InvalidTransition(message)
    return assessment


def lock_own(assessment_id: int, user: User) -> Assessment:
    """Lock the EoI and return this person's assessment of it. Raises InvalidTransition unless they may still write it."""
    assessment = lock_assessment(assessment_id)
    visible = Application.objects.visible_to(user).filter(pk=assessment.application_id, status=ApplicationStatus.SUBMITTED)
    if assessment.assessor_id != user.pk or not visible.exists():
        message = "This can no longer be assessed. Reload the page to see where it stands."
        raise InvalidTransition(message)
    return assessment


def written(assessment: Assessment) -> Draft:
    """Return what the assessment holds, with an opinion for every criterion of its call."""
    scores = {row.criterion_id: Opinion(row.score, row.reason) for row in assessment.scores.all()}
    criteria = Criterion.objects.filter(call=assessment.application.call_id).values_list("pk", flat=True)
    opinions = {pk: scores.get(pk, Opinion(None, "")) for pk in criteria}
    return Draft(opinions, assessment.is_eligible, assessment.ineligible_reason, assessment.note)


def problems(assessment: Assessment) -> dict[str, str]:
    """Return what still stops the assessment from being complete, by the names of the form's fields."""
    draft = written(assessment)
    if draft.is_eligible is None:
        return {"is_eligible": "Select whether it is eligible"} | _unscored(draft, assessment.application)
    if draft.is_eligible:
        return _unscored(draft, assessment.application)
    return {} if draft.ineligible_reason else {"ineligible_reason": "Enter why it is not eligible"}


def _unscored(draft: Draft, application: Application) -> dict[str, str]:
    missing: dict[str, str] = {}
    for criterion in application.call.criteria.all():
        opinion = draft.opinions[criterion.pk]
        if opinion.score is None:
            missing[f"score_{criterion.pk}"] = f"Select a score for “{criterion}”"
        if not opinion.reason:
            missing[f"reason_{criterion.pk}"] = f"Enter the reason for your score for “{criterion}”"
    return missing


def eligibility_facts(application: Application) -> list[Fact]:
    """Return what the records say about eligibility. `application` must carry its deadline."""
    council, call = application.council, application.call
    closing = localdate(call.closes_at)
    exists = Council.objects.existing_on(closing).filter(pk=council.pk).exists()
    submitted = application.submitted_at
    deadline: Any = application.deadline  # type: ignore[attr-defined]
    return [
        Fact("The council exists on the closing day", exists, f"{closing.day} {closing:%B %Y}"),
        Fact("The call covers its nation", council.nation in call.nations, council.get_nation_display()),
        Fact("A council or combined authority leads", council.kind in CouncilKind.values, council.get_kind_display()),
        Fact("The terms are accepted", bool(application.terms_version), f"Version {application.terms_version or 'none'}"),
        Fact("Submitted on time", submitted is not None and submitted < deadline, f"Before {in_words(deadline)}"),
    ]

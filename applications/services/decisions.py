"""Deciding about an EoI while its council still waits: the decision is held apart from the status until a release.

Each function locks the EoI and reads everything after the lock.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from applications.models import Application, Assessment, Call, Conflict, Decision
from applications.services.conflicts import refuse_unanswered
from applications.services.scoring import Comparison, compared
from applications.services.triage import lock
from applications.states import OUTCOMES, STAGE_OF, TRANSITIONS, ApplicationStatus, Stage
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record, record_each
from upstream.transitions import InvalidTransition, check_transition

# What holding a decision writes.
WRITTEN = ("outcome", "stage", "scenario", "reason", "feedback", "reserve_rank", "decided_by", "decided_at", "revision")


class DecisionConflict(Exception):
    """Somebody has held, changed or cleared the decision since the page was opened. Nothing was overwritten."""

    def __init__(self, decision: Decision | None) -> None:
        super().__init__("The decision was changed by somebody else")
        self.decision = decision


@dataclass
class Accepted:
    """What came of accepting many shared outcomes: the new decisions, and what was left as it is, with the reason."""

    decisions: list[Decision] = field(default_factory=list)
    skipped: list[tuple[Application, str]] = field(default_factory=list)


@transaction.atomic
def decide(
    *,
    application_id: int,
    outcome: ApplicationStatus,
    reason: str,
    feedback: str,
    seen: str,
    by: User,
    reserve_rank: int | None = None,
) -> Decision:
    """Hold a decision of the stage that the EoI waits for, or change the held one. `reserve_rank` is a reserve's alone.

    `seen` is the version of the decision that the person knows of, nothing for none. Raises DecisionConflict when another
    stands; InvalidTransition once the council has its answer, a release holds the decision, or the person may not judge this
    EoI; ValidationError for an outcome that is not this stage's, without a reason, or for a reserve without a rank of its own.
    """
    if reserve_rank is not None:  # so that no two reserves get the same rank at once
        Call.objects.select_for_update(no_key=True, of=("self",)).get(applications=application_id)
    application = lock(application_id)
    decision = changeable(application, seen, by)
    stage = STAGE_OF[application.status]
    if outcome not in OUTCOMES[stage]:
        raise ValidationError({"outcome": "Select one of the outcomes on the page"})
    if not reason:
        raise ValidationError({"reason": "Enter the reason for the decision"})
    if (outcome == ApplicationStatus.RESERVE) != (reserve_rank is not None):
        raise ValidationError({"reserve_rank": "Enter a rank for a reserve, and for no other outcome"})
    if reserve_rank is not None and reserve_rank in ranks_taken(application):
        raise ValidationError({"reserve_rank": f"Another reserve has rank {reserve_rank}. Enter a rank that is free"})
    check_transition(application.status, outcome, TRANSITIONS)
    decision = decision or Decision(application=application, stage=stage)
    decision.scenario = None  # decided by hand from now on
    hold(decision, outcome=outcome, reason=reason, feedback=feedback, by=by, reserve_rank=reserve_rank)
    record(actor=by, verb="decision.held", subject=application)
    return decision


def ranks_taken(application: Application) -> set[int]:
    """Return the ranks that other reserves of the call have."""
    reserves = Decision.objects.filter(application__call=application.call_id, outcome=ApplicationStatus.RESERVE, reserve_rank__isnull=False)
    waiting = reserves.filter(application__status__in=STAGE_OF).exclude(application=application)
    return set(waiting.values_list("reserve_rank", flat=True))  # type: ignore[arg-type]


@transaction.atomic
def clear_decision(*, application_id: int, seen: str, by: User) -> None:
    """Take the held decision away. Raises as `decide` does, and InvalidTransition when there is none."""
    application = lock(application_id)
    decision = changeable(application, seen, by)
    if decision is None:
        message = "There is no decision to clear. Reload the page to see how it stands."
        raise InvalidTransition(message)
    decision.delete()
    record(actor=by, verb="decision.cleared", subject=application)


def changeable(application: Application, seen: str, by: User) -> Decision | None:
    """Return the held decision, or None where there is none yet. Raises as `decide` does unless it may be made or changed now."""
    decision = application.decisions.held().first()
    stage = STAGE_OF.get(application.status)
    told = stage is None or (decision is not None and decision.stage != stage)
    if told or not Application.objects.visible_to(by).filter(pk=application.pk).exists():
        message = "This can no longer be decided. Reload the page to see where it stands."
        raise InvalidTransition(message)
    refuse_unanswered(application, by)
    if decision and decision.release_id:
        message = "This decision is in a release that waits for a second person. Take the release back first."
        raise InvalidTransition(message)
    if seen != (decision.version if decision else ""):
        raise DecisionConflict(decision)
    return decision


def hold(decision: Decision, *, outcome: ApplicationStatus, reason: str, feedback: str, by: User, reserve_rank: int | None = None) -> None:
    """Write a held decision, and whose assessments it rests on."""
    decision.outcome = outcome
    decision.reason = reason
    decision.feedback = feedback
    decision.reserve_rank = reserve_rank
    hold_all([decision], by=by, at=clock.now())


def hold_all(decisions: Sequence[Decision], *, by: User, at: datetime) -> None:
    """Write many held decisions, new and changed, and whose assessments each rests on. Five queries at most, however many there are."""
    changed = [decision for decision in decisions if decision.pk]
    for decision in decisions:
        decision.decided_by, decision.decided_at = by, at
        decision.revision += 1
    Decision.objects.bulk_create(decision for decision in decisions if not decision.pk)
    Decision.objects.bulk_update(changed, WRITTEN)
    through = Decision.assessors.through
    through._default_manager.filter(decision__in=decisions).delete()
    finished = Assessment.objects.unconflicted().completed().filter(application__in=[each.application_id for each in decisions])
    assessors: dict[int, list[int]] = defaultdict(list)
    for application, assessor in finished.values_list("application", "assessor"):
        assessors[application].append(assessor)
    through._default_manager.bulk_create(
        through(decision=decision, user_id=assessor) for decision in decisions for assessor in assessors[decision.application_id]
    )


def in_conflict_now(decision: Decision) -> QuerySet[User]:
    """Return those who made the decision, or whose scores it rests on, and who have a conflict of interest with the EoI now."""
    behind = User.objects.filter(Q(pk=decision.decided_by_id) | Q(pk__in=decision.assessors.values("pk")))
    return behind.filter(pk__in=Conflict.objects.active().filter(application=decision.application_id).values("user"))


@transaction.atomic
def accept_shared_outcomes(*, expected: Mapping[int, ApplicationStatus], by: User) -> Accepted:
    """Hold the outcome that the assessors share for each of these EoIs, where it is still the one `expected`, by EoI id.

    Never changes a decision that is there. What has changed since the person looked is left as it is and named.
    """
    mine = Application.objects.visible_to(by).filter(pk__in=expected).order_by("pk")
    list(mine.select_for_update(no_key=True, of=("self",)))
    accepted, shared = Accepted(), []
    to_answer = set(Conflict.objects.proposed().filter(user=by, application__in=expected).values_list("application", flat=True))
    for comparison in compared(mine.select_related("council"), Assessment.objects.all()):
        if comparison.application.pk in to_answer:
            accepted.skipped.append((comparison.application, "you may have a conflict of interest with it, and have to answer that first"))
        elif why := why_not(comparison, expected[comparison.application.pk]):
            accepted.skipped.append((comparison.application, why))
        else:
            shared.append(comparison)
    accepted.decisions = [
        Decision(
            application=comparison.application,
            stage=Stage.SHORTLIST,
            outcome=expected[comparison.application.pk],
            reason=f"The assessors agree: {comparison.in_words}.",
        )
        for comparison in shared
    ]
    hold_all(accepted.decisions, by=by, at=clock.now())
    record_each(actor=by, verb="decision.held", acts=[(decision.application, {"shared": True}) for decision in accepted.decisions])
    return accepted


def why_not(comparison: Comparison, expected: ApplicationStatus) -> str:
    """Return why the shared outcome cannot be taken as the person saw it, or nothing."""
    if comparison.application.status != ApplicationStatus.SUBMITTED:
        return f"it is now “{comparison.application.get_status_display()}”"
    if comparison.decision:
        return "it has been decided meanwhile"
    if comparison.proposed != expected:
        return "an assessment has changed meanwhile"
    return ""

"""Adopting a scenario: a held decision for every candidate, all at once. Councils hear nothing until a release."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from applications.models import Call, Decision, Scenario
from applications.services.decisions import hold_all
from applications.services.workbench.calculation import Result
from applications.services.workbench.candidates import Field, competing
from applications.services.workbench.lots import reveal_lots
from applications.services.workbench.rules import Rules
from applications.services.workbench.scenarios import present
from applications.states import TRANSITIONS, ApplicationStatus, Stage
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record, record_each
from upstream.deadlines import counted
from upstream.transitions import InvalidTransition, check_transition

CHANGED = (
    "The candidates or their scores have changed since this scenario was made. Start a new scenario from the present scores, "
    "look at what it proposes, and adopt that."
)
PENDING = "A release of this call waits for a second person. Release it or take it back first."


@dataclass(frozen=True)
class Proposal:
    """What a scenario would decide about one EoI. `rank` is a reserve's."""

    application: int
    outcome: ApplicationStatus
    rank: int | None
    reason: str


@transaction.atomic
def adopt(*, scenario_id: int, overwrite: set[int], by: User) -> Scenario:
    """Hold what the scenario proposes about every candidate.

    `overwrite` are the EoIs decided by hand whose decision the person has seen and lets go. Raises InvalidTransition while a
    release waits or once the field has changed, and ValidationError while a decision by hand, or a candidate without a score, is
    in the way.
    """
    call = Call.objects.select_for_update(no_key=True, of=("self",)).get(scenarios=scenario_id)
    list(competing(call).order_by("pk").select_for_update(no_key=True, of=("self",)))
    scenario = Scenario.objects.select_related("call__cohort").select_for_update(no_key=True, of=("self",)).get(pk=scenario_id)
    if why := why_not(scenario, by):
        raise InvalidTransition(why)
    if left := [decision for decision in by_hand(scenario) if decision.application_id not in overwrite]:
        message = f"{counted(len(left), 'decision')} made by hand would be lost. Tick each that you let go."
        raise ValidationError(message)
    held = {decision.application_id: decision for decision in held_decisions(scenario.call)}
    applications = competing(call).in_bulk()
    decisions, now = [], clock.now()
    for proposal in proposals(scenario):
        application = applications[proposal.application]
        check_transition(application.status, proposal.outcome, TRANSITIONS)
        decision = held.get(application.pk) or Decision(application=application)
        decision.stage, decision.scenario = Stage.SELECTION, scenario
        decision.outcome, decision.reason, decision.reserve_rank = proposal.outcome, proposal.reason, proposal.rank
        decisions.append(decision)
    hold_all(decisions, by=by, at=now)
    scenario.adopted_by, scenario.adopted_at = by, now
    scenario.save(update_fields=["adopted_by", "adopted_at"])
    reveal_lots(call, by)
    record_each(actor=by, verb="decision.held", acts=[(decision.application, {"scenario": scenario.pk}) for decision in decisions])
    record(actor=by, verb="scenario.adopted", subject=scenario, overwritten=sorted(overwrite))
    return scenario


def why_not(scenario: Scenario, by: User) -> str:
    """Return why the scenario cannot be adopted as things stand, or nothing."""
    if scenario.call.releases.pending().exists():
        return PENDING
    try:
        field = present(scenario.call, by)
    except InvalidTransition as refusal:
        return str(refusal)
    if field != Field.read(scenario.inputs):
        return CHANGED
    if unscored := unscored_candidates(scenario):
        return (
            f"{counted(len(unscored), 'candidate')} without a score that counts: {', '.join(unscored)}. Have each scored, "
            "or keep it in or out with a reason."
        )
    return ""


def unscored_candidates(scenario: Scenario) -> list[str]:
    """Return the references of those whom nothing says where to put: no score, and no override either."""
    rules = Rules.read(scenario.rules)
    return [
        candidate.reference
        for candidate in Field.read(scenario.inputs).candidates
        if candidate.value(scenario.basis) is None and rules.lock_of(candidate.application) is None
    ]


def held_decisions(call: Call) -> list[Decision]:
    """Return the held decisions about the candidates of a call."""
    return list(
        Decision.objects.held().filter(application__in=competing(call)).select_related("application__council", "scenario", "decided_by")
    )


def by_hand(scenario: Scenario) -> list[Decision]:
    """Return the held decisions that a person made or changed, and that are not what this scenario proposes."""
    outcomes = {proposal.application: (proposal.outcome, proposal.rank) for proposal in proposals(scenario)}
    return [
        decision
        for decision in held_decisions(scenario.call)
        if is_by_hand(decision) and outcomes.get(decision.application_id) != (decision.outcome, decision.reserve_rank)
    ]


def is_by_hand(decision: Decision) -> bool:
    """Return whether the decision is not, or no longer, what its scenario wrote when it was adopted."""
    return decision.scenario is None or decision.decided_at != decision.scenario.adopted_at


def proposals(scenario: Scenario) -> Iterator[Proposal]:
    """Yield what the scenario proposes for every candidate, with the reason for the record: its name, and an override with its price."""
    rules, result = Rules.read(scenario.rules), Result.read(scenario.result)
    ranks = {application: rank for rank, application in enumerate(result.reserves, 1)}
    for candidate in Field.read(scenario.inputs).candidates:
        pk = candidate.application
        if pk in result.chosen:
            outcome, words = ApplicationStatus.OFFERED, "offer a place"
        elif pk in ranks:
            outcome, words = ApplicationStatus.RESERVE, f"reserve {ranks[pk]}"
        else:
            outcome, words = ApplicationStatus.NOT_SELECTED, "not selected"
        reason = f"{scenario_name(scenario)}: {words}."
        if lock := rules.lock_of(pk):
            reason += f" {lock.side} by a person: {lock.reason}. {price_in_words(result.lock_prices.get(pk, 0))}"
        yield Proposal(pk, outcome, ranks.get(pk), reason)


def scenario_name(scenario: Scenario) -> str:
    """Return how a reason names the scenario."""
    return f"Scenario “{scenario.name}”" if scenario.name else f"Scenario {scenario.pk}"


def price_in_words(price: float) -> str:
    """Return what an override costs."""
    return f"Price: {price:.1f} points." if round(price, 1) else "It costs nothing."

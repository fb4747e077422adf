"""Before decisions are final: what people have overridden, what it costs, and reviews that may rest on one impression."""

from dataclasses import dataclass

from applications.models import Application, Call, Decision, Scenario
from applications.services.reliability import Halo, halos_of
from applications.services.scores import read_scoring
from applications.services.workbench.adopting import is_by_hand, proposals
from applications.services.workbench.calculation import Result
from applications.services.workbench.rules import Rules
from applications.states import ApplicationStatus, Stage
from upstream.accounts.models import User


@dataclass(frozen=True)
class Override:
    """Where a person decided otherwise than the scores and rules would. `price` is None where no scenario can say it."""

    application: int
    what: str
    reason: str
    price: float | None


def selected(call: Call) -> set[int]:
    """Return the EoIs that get a place as things stand: offered one, or held for it."""
    decided = Decision.objects.filter(application__call=call, stage=Stage.SELECTION).order_by("pk")
    latest = dict(decided.values_list("application", "outcome"))
    gone = Application.objects.filter(call=call, status=ApplicationStatus.WITHDRAWN).values_list("pk", flat=True)
    return {pk for pk, outcome in latest.items() if outcome == ApplicationStatus.OFFERED} - set(gone)


def overrides(scenario: Scenario) -> list[Override]:
    """Return the overrides of a scenario and, once it is adopted, the decisions that were changed by hand since, each with its price."""
    rules, result = Rules.read(scenario.rules), Result.read(scenario.result)
    found = [Override(lock.application, lock.side, lock.reason, result.lock_prices.get(lock.application, 0)) for lock in rules.locks]
    if scenario.adopted_at is None:
        return found
    proposed = {proposal.application: proposal.outcome for proposal in proposals(scenario)}
    decided = Decision.objects.filter(application__in=proposed, stage=Stage.SELECTION).select_related("scenario").order_by("pk")
    for decision in {decision.application_id: decision for decision in decided}.values():
        before = proposed[decision.application_id]
        if decision.outcome != before and is_by_hand(decision):
            swap = result.swaps.get(decision.application_id)
            turned = ApplicationStatus.OFFERED in {before, decision.outcome}
            what = f"{before.label} in the scenario, {decision.get_outcome_display().lower()} by hand"
            found.append(Override(decision.application_id, what, decision.reason, swap.cost if swap and turned else None))
    return found


def adopted(call: Call, user: User) -> Scenario | None:
    """Return the scenario that was adopted last."""
    return Scenario.objects.visible_to(user).filter(call=call, adopted_at__isnull=False).order_by("-adopted_at").first()


def halos(call: Call, user: User) -> list[Halo]:
    """Return the reviews of candidates with the same score for every criterion."""
    return halos_of(read_scoring(call, user))

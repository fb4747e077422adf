"""A place has come free: what the rules of the adopted scenario make of each reserve who could have it."""

from dataclasses import dataclass

from applications.models import Application, Call, Decision, Scenario
from applications.services.workbench.calculation import asked
from applications.services.workbench.candidates import Candidate, Field
from applications.services.workbench.impact import adopted
from applications.services.workbench.rules import Rules
from applications.states import ApplicationStatus
from upstream.accounts.models import User


@dataclass(frozen=True)
class Effect:
    """A reserve, its score, and the rules that the selection misses with it. `is_proposed` where the best set by the rules has it."""

    candidate: Candidate
    value: float | None
    missed: list[str]
    is_proposed: bool


@dataclass(frozen=True)
class Outlook:
    """The selection as it stands: who keeps a place, who gave one up, what is missed until it is filled, and each reserve's effect."""

    scenario: Scenario
    field: Field
    stay: frozenset[int]
    left: frozenset[int]
    missed: list[str]
    effects: list[Effect]

    def effect_of(self, application: int) -> Effect | None:
        """Return a reserve's effect."""
        return next((effect for effect in self.effects if effect.candidate.application == application), None)


def outlook(call: Call, user: User) -> Outlook | None:
    """Return what promoting each reserve would do, or None where no scenario that the person may see was adopted.

    Who was told that they are not selected stays out: only reserves are asked. None is proposed where that is too hard to work out.
    """
    from applications.selection.portfolio import promote
    from applications.selection.programmes import TooHard

    scenario = adopted(call, user)
    if scenario is None:
        return None
    field, rules = Field.read(scenario.inputs), Rules.read(scenario.rules)
    statuses = dict(Application.objects.filter(pk__in=field.by_key()).values_list("pk", "status"))
    held = Decision.objects.held().filter(application__in=statuses, outcome=ApplicationStatus.OFFERED).values_list("application", flat=True)
    stay = {pk for pk, status in statuses.items() if status in {ApplicationStatus.OFFERED, ApplicationStatus.ACCEPTED}} | set(held)
    waiting = {pk for pk, status in statuses.items() if status == ApplicationStatus.RESERVE} - stay
    candidates, wanted = asked(field, rules, places=scenario.places, basis=scenario.basis)
    declined = set(statuses) - stay - waiting
    try:
        enters = promote(candidates, wanted, chosen=stay, declined=declined, seed=int(scenario.seed)).enters
    except TooHard:
        enters = ()
    effects = [
        Effect(
            candidate=candidate,
            value=candidate.value(scenario.basis),
            missed=rules.missed(field.numbers(stay | {candidate.application})),
            is_proposed=candidate.application in enters,
        )
        for candidate in field.candidates
        if candidate.application in waiting
    ]
    gave_up = {ApplicationStatus.DECLINED, ApplicationStatus.LAPSED, ApplicationStatus.WITHDRAWN}
    left = {pk for pk, status in statuses.items() if status in gave_up}
    return Outlook(scenario, field, frozenset(stay), frozenset(left), rules.missed(field.numbers(stay)), effects)

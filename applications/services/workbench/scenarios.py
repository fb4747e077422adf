"""Making, naming, repeating and renewing scenarios. Each press on the workbench makes a row that never changes."""

import hashlib
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from applications.models import Call, Lottery, Scenario
from applications.services.workbench.calculation import Result, calculate
from applications.services.workbench.candidates import Field, gather
from applications.services.workbench.rules import Rules
from applications.states import ScoreBasis
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.transitions import InvalidTransition

PLACES_PER_RESERVE = 4  # to begin with
TOO_HARD = (
    "There are so many bounds, and they are so tight, that it would take too long to find the best selection. "
    "Loosen some of them or take them away."
)


def seed_of(call: Call) -> int:
    """Return the seed that breaks ties, so that nobody can try seeds until the right council wins.

    It is the one that was committed to, or else follows from the call.
    """
    if lottery := Lottery.objects.filter(call=call).first():
        return int(lottery.seed)
    return int.from_bytes(hashlib.sha256(f"selection of call {call.pk}".encode()).digest()[:4]) >> 1


@transaction.atomic
def begin(*, call: Call, by: User) -> Scenario:
    """Make a scenario of the present scores, the cohort's places and no rules. Raises InvalidTransition as `present` does.

    Locks the call, so that no draw is committed to meanwhile.
    """
    Call.objects.select_for_update(no_key=True, of=("self",)).get(pk=call.pk)
    places = call.cohort.places
    rules = Rules(reserves=max(1, places // PLACES_PER_RESERVE))
    return _make(call=call, field=present(call, by), places=places, basis=ScoreBasis.MODERATED, rules=rules, by=by)


@transaction.atomic
def change(*, scenario: Scenario, places: int, basis: str, rules: Rules, by: User) -> Scenario:
    """Make the scenario with other rules and the same scores. What is the same already stays the same row.

    Raises InvalidTransition where the rules are too hard to work out.
    """
    if (places, basis, rules) == (scenario.places, scenario.basis, Rules.read(scenario.rules)):
        return scenario
    return _make(call=scenario.call, field=Field.read(scenario.inputs), places=places, basis=basis, rules=rules, by=by)


@transaction.atomic
def renew(*, scenario: Scenario, by: User) -> Scenario:
    """Make the scenario anew from the present scores, without overrides of those who have left the field.

    Raises InvalidTransition as `present` and `change` do.
    """
    field = present(scenario.call, by)
    rules = Rules.read(scenario.rules).about(field.by_key())
    return _make(call=scenario.call, field=field, places=scenario.places, basis=scenario.basis, rules=rules, by=by)


def present(call: Call, by: User) -> Field:
    """Return the candidates as they stand. Raises InvalidTransition for whoever may not see all of them, and where there are none."""
    field, refusal = gather(call, by)
    if refusal:
        raise InvalidTransition(refusal)
    if not field.candidates:
        raise InvalidTransition(NOBODY)
    return field


NOBODY = "No expression of interest is waiting to be selected. Candidates appear here once the shortlist is released."


def repeated(scenario: Scenario) -> Result:
    """Return what the mathematics makes of the saved inputs, rules and seed now: the proof that a scenario reproduces exactly."""
    return calculate(
        Field.read(scenario.inputs), Rules.read(scenario.rules), places=scenario.places, basis=scenario.basis, seed=int(scenario.seed)
    )


@transaction.atomic
def save_with_name(*, scenario_id: int, name: str, note: str, by: User) -> Scenario:
    """Give a scenario a name, by which it is listed. Raises ValidationError for one that another scenario of the call has."""
    scenario = Scenario.objects.select_for_update(no_key=True, of=("self",)).get(pk=scenario_id)
    if Scenario.objects.filter(call=scenario.call_id, name=name).exclude(pk=scenario.pk).exists():
        raise ValidationError({"name": "Another scenario of this call has this name. Enter a different name"})
    scenario.name, scenario.note = name, note
    scenario.save(update_fields=["name", "note"])
    record(actor=by, verb="scenario.saved", subject=scenario)
    return scenario


def _make(*, call: Call, field: Field, by: User, **asked: Any) -> Scenario:
    from applications.selection.programmes import TooHard

    rules: Rules = asked.pop("rules")
    seed = seed_of(call)
    try:
        result = calculate(field, rules, seed=seed, **asked)
    except TooHard as error:
        raise InvalidTransition(TOO_HARD) from error
    scenario = Scenario.objects.create(
        call=call, seed=str(seed), inputs=field.written(), rules=rules.written(), result=result.written(), made_by=by, **asked
    )
    record(actor=by, verb="scenario.made", subject=scenario)
    return scenario

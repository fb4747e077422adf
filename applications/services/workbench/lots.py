"""A tie-break by lot that nobody can choose: the draw is committed to before the first scenario, and revealed when one is adopted."""

from django.db import transaction

from applications.models import Call, Lottery, Scenario
from applications.services.workbench.scenarios import present
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.transitions import InvalidTransition

TOO_LATE = "Scenarios of this call have been made already. A draw now could be chosen for what it gives."


@transaction.atomic
def commit_to_lots(*, call_id: int, by: User) -> Lottery:
    """Draw a secret seed and keep its commitment. Locks the call. A second press finds the same draw.

    Raises InvalidTransition once a scenario exists, and as `present` does.
    """
    from applications.selection.lottery import commitment, fresh_seed

    call = Call.objects.select_for_update(no_key=True, of=("self",)).select_related("cohort").get(pk=call_id)
    if found := Lottery.objects.filter(call=call).first():
        return found
    if Scenario.objects.filter(call=call).exists():
        raise InvalidTransition(TOO_LATE)
    seed, applications = fresh_seed(), [candidate.application for candidate in present(call, by).candidates]
    promised = commitment(seed, applications)
    lottery = Lottery.objects.create(call=call, seed=str(seed), applications=applications, commitment=promised, committed_by=by)
    record(actor=by, verb="lottery.committed", subject=lottery, commitment=promised)
    return lottery


def reveal_lots(call: Call, by: User) -> None:
    """Let everybody who decides see the seed. The call is locked."""
    lottery = Lottery.objects.filter(call=call, revealed_at__isnull=True).first()
    if lottery:
        lottery.revealed_at = clock.now()
        lottery.save(update_fields=["revealed_at"])
        record(actor=by, verb="lottery.revealed", subject=lottery)

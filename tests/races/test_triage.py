"""Assessors who go for the same EoI at the same moment."""

import time
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection

from applications.models import Assessment, Decision
from applications.services import decisions, triage
from applications.services.decisions import DecisionConflict, decide
from applications.states import ApplicationStatus
from tests.factories import CallFactory, StaffFactory
from tests.factories.judging import AssessmentFactory, ShortlistedFactory, SubmittedFactory
from tests.races.conftest import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
TOGETHER = 6


def go_for_the_next(monkeypatch, eois, taken=1):
    """Let six assessors ask for the next one at once, where each EoI has `taken` of its two seats taken. Return what came of each."""
    find = triage.free_seat

    def slowly(application):
        seat = find(application)
        time.sleep(0.3)  # as long as a busy server takes to go on
        return seat

    monkeypatch.setattr(triage, "free_seat", slowly)
    call_command("sync_roles")
    call = CallFactory()
    for eoi in SubmittedFactory.create_batch(eois, call=call):
        for seat in range(1, taken + 1):
            AssessmentFactory(application=eoi, seat=seat)
    return at_once([lambda by=by: triage.claim_next(call_id=call.pk, by=by) for by in StaffFactory.create_batch(TOGETHER)])


@pytest.fixture
def no_seats(transactional_db: None) -> Iterator[None]:
    """Drop the constraint on seats, and put it back afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE applications_assessment DROP CONSTRAINT one_assessment_per_seat")
    yield
    Assessment.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE applications_assessment ADD CONSTRAINT one_assessment_per_seat UNIQUE (application_id, seat)")


def test_one_gets_the_last_seat_and_the_others_are_told_that_nothing_is_left(monkeypatch):
    results = go_for_the_next(monkeypatch, eois=1)
    print(f"\ntaking up one EoI: {TOGETHER} at once for one seat, {results.count(None)} told that nothing is left")
    assert results.count(None) == TOGETHER - 1
    assert [assessment.seat for assessment in results if assessment] == [2]


def test_who_loses_a_race_is_served_another(monkeypatch):
    results = go_for_the_next(monkeypatch, eois=TOGETHER)
    assert len({assessment.application_id for assessment in results}) == TOGETHER


def test_two_seats_go_to_two_assessors(monkeypatch):
    results = go_for_the_next(monkeypatch, eois=3, taken=0)
    assert None not in results
    assert sorted(Assessment.objects.values_list("seat", flat=True)) == [1, 1, 1, 2, 2, 2]


def test_without_the_lock_the_constraint_still_lets_only_one_in(monkeypatch, no_locks):
    no_locks()
    results = go_for_the_next(monkeypatch, eois=1)
    refused = [result for result in results if isinstance(result, IntegrityError)]
    print(f"\ntaking up one EoI without the lock: {len(refused)} of {TOGETHER} fail with an error")
    assert refused
    assert Assessment.objects.count() == 2


@pytest.mark.usefixtures("no_seats")
def test_without_lock_and_constraint_several_would_sit_in_one_seat(monkeypatch, no_locks):
    no_locks()
    go_for_the_next(monkeypatch, eois=1)
    print(f"\ntaking up one EoI without lock and constraint: {Assessment.objects.count() - 1} in one seat")
    assert Assessment.objects.count() > 2


def test_of_several_who_decide_at_once_one_does_and_the_others_are_told():
    call_command("sync_roles")
    eoi = SubmittedFactory()
    words = {"outcome": ApplicationStatus.SHORTLISTED, "reason": "Strong.", "feedback": "", "seen": ""}
    deciders = StaffFactory.create_batch(TOGETHER)
    results = at_once([lambda by=by: decide(application_id=eoi.pk, by=by, **words) for by in deciders])
    told = sum(isinstance(result, DecisionConflict) for result in results)
    print(f"\ndeciding: {TOGETHER} at once, {told} told of another's decision")
    assert told == TOGETHER - 1
    assert Decision.objects.get() in results


def give_rank_one(monkeypatch):
    """Have a reserve list with rank 1 for six EoIs at once. Return how many got it."""
    find = decisions.ranks_taken

    def slowly(application):
        taken = find(application)
        time.sleep(0.3)
        return taken

    monkeypatch.setattr(decisions, "ranks_taken", slowly)
    call_command("sync_roles")
    eois, by = ShortlistedFactory.create_batch(TOGETHER, call=CallFactory()), StaffFactory()
    words = {"outcome": ApplicationStatus.RESERVE, "reserve_rank": 1, "reason": "Close.", "feedback": "", "seen": ""}
    at_once([lambda pk=eoi.pk: decide(application_id=pk, by=by, **words) for eoi in eois])
    return Decision.objects.filter(reserve_rank=1).count()


def test_one_reserve_gets_the_first_rank(monkeypatch):
    assert give_rank_one(monkeypatch) == 1


def test_without_the_lock_several_would_get_it(monkeypatch, no_locks):
    no_locks()
    number = give_rank_one(monkeypatch)
    print(f"\nfirst reserve without the lock: {number} of {TOGETHER} at once")
    assert number > 1

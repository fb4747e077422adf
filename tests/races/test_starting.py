"""Twenty colleagues start their council's EoI at the same moment."""

import time
from collections.abc import Iterator

import pytest
from django.db import connection

from applications.models import Application
from applications.services import eoi
from tests.factories import CallFactory, ContactFactory
from tests.races.conftest import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
TOGETHER = 20


def start_together(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Start twenty times at once, and return what came of each."""
    numbered = eoi._next_reference

    def slowly(call):
        reference = numbered(call)
        time.sleep(0.05)  # as long as a busy server takes to go on
        return reference

    monkeypatch.setattr(eoi, "_next_reference", slowly)
    call, contact = CallFactory(), ContactFactory()
    return at_once([lambda: eoi.start_application(call_id=call.pk, council_id=contact.council_id, by=contact.user).pk] * TOGETHER)


@pytest.fixture
def no_unique_constraints(transactional_db: None) -> Iterator[None]:
    """Drop what keeps a second live EoI and a second use of a reference out, and put it back afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = 'applications_application'::regclass AND contype = 'u'"
        )
        constraints = cursor.fetchall()
        for name, _ in constraints:
            cursor.execute(f'ALTER TABLE applications_application DROP CONSTRAINT "{name}"')
        cursor.execute("SELECT pg_get_indexdef('one_live_application_per_council_and_call'::regclass)")
        index = cursor.fetchone()[0]
        cursor.execute("DROP INDEX one_live_application_per_council_and_call")
    yield
    Application.objects.all().delete()
    with connection.cursor() as cursor:
        for name, definition in constraints:
            cursor.execute(f'ALTER TABLE applications_application ADD CONSTRAINT "{name}" {definition}')
        cursor.execute(index)


def test_one_eoi_comes_of_it_and_everybody_gets_it(monkeypatch):
    results = start_together(monkeypatch)
    assert set(results) == {Application.objects.get().pk}
    print(f"\nstarting: {TOGETHER} at once, {Application.objects.count()} EoI, {len(set(results))} answer")


def test_without_the_lock_the_constraint_still_lets_only_one_in(monkeypatch, no_locks):
    no_locks()
    results = start_together(monkeypatch)
    refused = [result for result in results if isinstance(result, Exception)]
    print(f"\nstarting without the lock: {Application.objects.count()} EoI, {len(refused)} of {TOGETHER} fail with an error")
    assert refused
    assert Application.objects.count() == 1


@pytest.mark.usefixtures("no_unique_constraints")
def test_without_the_constraints_the_lock_still_lets_only_one_in(monkeypatch):
    start_together(monkeypatch)
    assert Application.objects.count() == 1


@pytest.mark.usefixtures("no_unique_constraints")
def test_without_lock_and_constraints_there_would_be_several(monkeypatch, no_locks):
    no_locks()
    start_together(monkeypatch)
    print(f"\nstarting without lock and constraints: {Application.objects.count()} EoIs")
    assert Application.objects.count() > 1

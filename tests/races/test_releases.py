"""Preparing and releasing while somebody decides or withdraws at the same moment."""

import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from applications.models import Application, Letter
from applications.services import decisions, releases
from applications.services.submission import withdraw_application
from applications.states import ApplicationStatus
from tests.factories import CallFactory, ContactFactory, StaffFactory
from tests.factories.judging import DecisionFactory, ReleaseFactory, SubmittedFactory
from tests.races.conftest import at_once
from upstream.correspondence.models import OutboundEmail
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
# As long as a busy server takes to go on, and a moment in the middle of it.
SLOW, MIDDLE = 0.6, 0.3


@pytest.fixture
def eoi(transactional_db):
    call_command("sync_roles")
    call = CallFactory(closes_at=timezone.now() - timedelta(days=1))
    eoi = DecisionFactory(application=SubmittedFactory(call=call)).application
    ContactFactory(council=eoi.council, user=eoi.created_by)
    return eoi


def slow(monkeypatch, module, name):
    """Let a function take a while before it returns."""
    work = getattr(module, name)

    def slowly(*args, **kwargs):
        result = work(*args, **kwargs)
        time.sleep(SLOW)
        return result

    monkeypatch.setattr(module, name, slowly)


def later(task):
    """Return the task, put off into the middle of what goes on beside it."""

    def run():
        time.sleep(MIDDLE)
        return task()

    return run


def prepare_while_somebody_decides(monkeypatch, eoi):
    """Change the decision while its letter is written. Return the outcome that the letter tells and what came of deciding."""
    slow(monkeypatch, releases, "written_letter")
    staff = StaffFactory()
    seen = eoi.decisions.get().version
    words = {"outcome": ApplicationStatus.INELIGIBLE, "reason": "A parish.", "feedback": ""}
    _, decided = at_once(
        [
            lambda: releases.prepare_release(call_id=eoi.call_id, by=staff).pk,
            later(lambda: decisions.decide(application_id=eoi.pk, seen=seen, by=staff, **words)),
        ]
    )
    letter = Letter.objects.select_related("decision").get()
    return "on the shortlist" in letter.text, letter.decision.outcome, decided


def test_a_letter_tells_what_was_decided(monkeypatch, eoi):
    tells_shortlist, outcome, decided = prepare_while_somebody_decides(monkeypatch, eoi)
    assert isinstance(decided, InvalidTransition)
    assert (tells_shortlist, outcome) == (True, ApplicationStatus.SHORTLISTED)


def test_without_the_lock_a_letter_could_tell_otherwise(monkeypatch, eoi, no_locks):
    no_locks()
    tells_shortlist, outcome, _ = prepare_while_somebody_decides(monkeypatch, eoi)
    print(f"\npreparing without the lock: the letter tells of the shortlist, and decided is {outcome}")
    assert (tells_shortlist, outcome) == (True, ApplicationStatus.INELIGIBLE)


def release_while_the_council_withdraws(monkeypatch, eoi):
    """Withdraw in the middle of the release. Return the EoI as it stands afterwards."""
    decision = eoi.decisions.get()
    decision.release = ReleaseFactory(call=eoi.call)
    decision.save()
    Letter.objects.create(decision=decision, subject="S", text="T", template_version="1", sha256="0" * 64)
    slow(monkeypatch, releases, "refuse_unless_ready")
    at_once(
        [
            lambda: releases.release_decisions(release_id=decision.release_id, by=StaffFactory()),
            later(lambda: withdraw_application(application_id=eoi.pk, reason="", by=eoi.created_by)),
        ]
    )
    return Application.objects.get(pk=eoi.pk)


def test_a_withdrawal_is_never_undone_by_a_release(monkeypatch, eoi):
    after = release_while_the_council_withdraws(monkeypatch, eoi)
    assert after.withdrawn_at
    assert after.status == ApplicationStatus.WITHDRAWN


def test_without_the_lock_a_release_could_undo_a_withdrawal(monkeypatch, eoi, no_locks):
    no_locks()
    after = release_while_the_council_withdraws(monkeypatch, eoi)
    print(f"\nreleasing without the lock: withdrawn at {after.withdrawn_at:%H:%M:%S}, and yet {after.status}")
    assert after.withdrawn_at
    assert after.status == ApplicationStatus.SHORTLISTED


def test_two_who_press_at_once_send_one_letter_to_each(eoi):
    decision = eoi.decisions.get()
    decision.release = ReleaseFactory(call=eoi.call)
    decision.save()
    Letter.objects.create(decision=decision, subject="S", text="T", template_version="1", sha256="0" * 64)
    people = StaffFactory.create_batch(4)
    results = at_once([lambda by=by: releases.release_decisions(release_id=decision.release_id, by=by) for by in people])
    assert results.count([]) == 1
    assert sum(isinstance(result, InvalidTransition) for result in results) == len(people) - 1
    assert OutboundEmail.objects.filter(kind="decision-letter").count() == 1

"""What many people at once cannot break, and the same with the guard removed."""

import random
import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from applications.models import Answer, Application, Call, SubmissionAttempt
from applications.services import eoi, submission
from applications.services.eoi import RevisionConflict, save_section, start_application
from applications.services.submission import submit_application
from applications.states import AttemptOutcome, QuestionKind
from tests.applications.conftest import fill, question
from tests.factories import ContactFactory
from tests.races.conftest import at_once
from upstream.audit.models import Entry

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
PRESSES = 12
SEED = 20190715


@pytest.fixture
def slow_reading(monkeypatch):
    """Widen the window between reading an EoI and writing it."""
    read = submission.answered_sections

    def slowly(application):
        sections = read(application)
        time.sleep(0.2)
        return sections

    monkeypatch.setattr(submission, "answered_sections", slowly)


def press_together(application, officer):
    return at_once(PRESSES, lambda _: submit_application(application_id=application.pk, by=officer).outcome)


def test_many_presses_give_one_receipt(whole, officer, slow_reading):
    outcomes = press_together(whole, officer)
    print(f"{PRESSES} presses at once: {outcomes.count(AttemptOutcome.ACCEPTED)} accepted")
    assert outcomes.count(AttemptOutcome.ACCEPTED) == 1
    assert outcomes.count(AttemptOutcome.ALREADY) == PRESSES - 1
    assert Entry.objects.filter(verb="application.submitted").count() == 1


def test_without_the_lock_presses_double_the_receipt(whole, officer, slow_reading, without_locks):
    outcomes = press_together(whole, officer)
    print(f"without the lock: {outcomes.count(AttemptOutcome.ACCEPTED)} accepted")
    assert outcomes.count(AttemptOutcome.ACCEPTED) > 1


def start_together(call, contact):
    return at_once(PRESSES, lambda _: start_application(call_id=call.pk, council_id=contact.council_id, by=contact.user))


def test_many_starts_make_one_eoi(call, contact):
    started = start_together(call, contact)
    assert {application.pk for application in started} == {Application.objects.get().pk}


def test_without_the_lock_the_constraint_still_holds(call, contact, without_locks, monkeypatch):
    slow_number(monkeypatch)
    started = start_together(call, contact)
    refused = [result for result in started if isinstance(result, IntegrityError)]
    print(f"without the lock: {len(refused)} of {PRESSES} refused by the database")
    assert refused
    assert Application.objects.count() == 1


def test_without_lock_and_constraint_a_council_has_two(call, contact, without_locks, monkeypatch):
    slow_number(monkeypatch)
    constraint = next(c for c in Application._meta.constraints if c.name == "one_live_application_per_council_and_call")
    numbers = iter(range(PRESSES))
    monkeypatch.setattr(eoi, "_next_reference", lambda call: time.sleep(0.2) or f"T-{next(numbers)}")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Application, constraint)
    try:
        start_together(call, contact)
        print(f"without lock and constraint: {Application.objects.count()} live EoIs")
        assert Application.objects.count() > 1
    finally:
        Application.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Application, constraint)


def slow_number(monkeypatch):
    number = eoi._next_reference
    monkeypatch.setattr(eoi, "_next_reference", lambda call: time.sleep(0.2) or number(call))


def test_nobody_astride_the_deadline_is_misjudged(call):
    councils = 40
    contacts = [ContactFactory() for _ in range(councils)]
    applications = [
        fill(start_application(call_id=call.pk, council_id=contact.council_id, by=contact.user), contact.user) for contact in contacts
    ]
    Call.objects.filter(pk=call.pk).update(closes_at=timezone.now() + timedelta(seconds=1.5))
    chance = random.Random(SEED)
    waits = [chance.uniform(0.5, 2.5) for _ in range(councils)]

    def press(index):
        time.sleep(waits[index])
        return submit_application(application_id=applications[index].pk, by=contacts[index].user)

    results = at_once(councils, press)
    assert not [result for result in results if isinstance(result, Exception)]
    attempts = SubmissionAttempt.objects.all()
    late = [attempt for attempt in attempts if attempt.outcome == AttemptOutcome.LATE]
    misjudged = [attempt for attempt in attempts if (attempt.outcome == AttemptOutcome.ACCEPTED) and attempt.at >= attempt.deadline]
    misjudged += [attempt for attempt in late if attempt.at < attempt.deadline]
    accepted = [attempt.application_id for attempt in attempts if attempt.outcome == AttemptOutcome.ACCEPTED]
    print(
        f"{len(attempts)} presses astride the deadline (seed {SEED}): {len(accepted)} accepted, {len(late)} late, {len(misjudged)} misjudged"
    )
    assert not misjudged
    assert len(accepted) == len(set(accepted))
    assert attempts.count() == councils
    assert accepted
    assert late


def write_together(draft, officer, rounds):
    """Two editors save one answer, round after round; return every save that was acknowledged, by revision."""
    asked = question(draft, QuestionKind.LONG_TEXT)
    chance = random.Random(SEED)
    acknowledged, conflicts = {}, 0
    for turn in range(rounds):
        seen = draft.progress.filter(section=asked.section).values_list("revision", flat=True).first() or 0
        pauses = [chance.uniform(0, 0.004), chance.uniform(0, 0.004)]

        def save(editor, turn=turn, seen=seen, pauses=pauses):
            time.sleep(pauses[editor])
            text = f"Editor {editor}, turn {turn}"
            done = save_section(
                application_id=draft.pk, section=asked.section, revision=seen, values={asked.pk: text}, completed=False, by=officer
            )
            return done.revision, text

        saved = []
        for result in at_once(2, save):
            if isinstance(result, RevisionConflict | IntegrityError):
                conflicts += 1
            else:
                saved.append(result)
        stored = Answer.objects.get(application=draft, question=asked).value
        acknowledged[turn] = (saved, stored)
    return acknowledged, conflicts


def test_no_acknowledged_save_is_overwritten(draft, officer):
    rounds = 100
    acknowledged, conflicts = write_together(draft, officer, rounds)
    lost = [turn for turn, (saved, stored) in acknowledged.items() if [text for _, text in saved] != [stored]]
    print(f"{rounds} rounds of two editors (seed {SEED}): {conflicts} told of a conflict, {len(lost)} silent overwrites")
    assert conflicts == rounds
    assert not lost


def test_without_the_lock_saves_are_lost(draft, officer, without_locks, monkeypatch):
    write = eoi._write
    monkeypatch.setattr(eoi, "_write", lambda *args: time.sleep(0.02) or write(*args))
    acknowledged, _ = write_together(draft, officer, 10)
    lost = [turn for turn, (saved, stored) in acknowledged.items() if [text for _, text in saved] != [stored]]
    print(f"without the lock: {len(lost)} of 10 rounds lost a save")
    assert lost

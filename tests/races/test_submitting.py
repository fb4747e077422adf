"""Many presses of the submit button around the deadline."""

import time
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from applications.models import Application, Call, SubmissionAttempt
from applications.services import submission
from applications.states import ApplicationStatus, AttemptOutcome
from tests.races.conftest import SEED, at_once, whole_eois
from upstream import clock
from upstream.correspondence.models import OutboundEmail

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
COUNCILS, PEOPLE, PRESSES = 8, 3, 8


def press(application, pauses):
    """Press the button again and again, after each of the pauses."""
    for pause in pauses:
        time.sleep(pause)
        submission.submit_application(application_id=application.pk, by=application.created_by)


def test_nobody_is_misjudged_around_the_deadline_and_each_eoi_is_accepted_once(dice):
    eois = whole_eois(COUNCILS, opens_at=timezone.now() - timedelta(days=1))
    closing = clock.now() + timedelta(seconds=2)
    Call.objects.update(closes_at=closing)
    # Half the councils press from the start, half only as the deadline passes, so that every outcome occurs.
    tasks = []
    for number, application in enumerate(eois):
        wait = 0.2 if number % 2 else (1.9 if number % 4 else 2.1)
        for _ in range(PEOPLE):
            pauses = [wait + dice.uniform(-0.1, 0.1), *(dice.uniform(0, 0.5) for _ in range(PRESSES - 1))]
            tasks.append(lambda application=application, pauses=pauses: press(application, pauses))
    failures = [result for result in at_once(tasks) if result is not None]
    assert failures == []
    attempts = list(SubmissionAttempt.objects.select_related("application"))
    assert len(attempts) == COUNCILS * PEOPLE * PRESSES
    misjudged = [
        attempt
        for attempt in attempts
        if attempt.deadline != closing
        or (attempt.outcome == AttemptOutcome.LATE) != (attempt.at >= closing and attempt.application.submitted_at is None)
        or (attempt.outcome == AttemptOutcome.ACCEPTED and attempt.at >= closing)
    ]
    assert misjudged == []
    for application in Application.objects.all():
        outcomes = Counter(application.attempts.values_list("outcome", flat=True))
        receipts = OutboundEmail.objects.about(application).filter(kind="application-submitted").count()
        if application.status == ApplicationStatus.SUBMITTED:
            assert outcomes == {AttemptOutcome.ACCEPTED: 1, AttemptOutcome.ALREADY: PEOPLE * PRESSES - 1}
            assert receipts == 1
        else:
            assert outcomes == {AttemptOutcome.LATE: PEOPLE * PRESSES}
            assert receipts == 0
    counts = Counter(attempt.outcome for attempt in attempts)
    assert counts[AttemptOutcome.ACCEPTED]
    assert counts[AttemptOutcome.LATE]
    print(f"\nsubmitting: {len(attempts)} presses, {dict(counts)}, misjudged {len(misjudged)}, seed {SEED}")


def presses_together(monkeypatch):
    """Let twelve people press at the same moment, on one EoI after another, and return how often each EoI was accepted."""
    judge = submission._outcome

    def slowly(*arguments, **named):
        time.sleep(0.02)  # as long as a busy server takes to go on
        return judge(*arguments, **named)

    monkeypatch.setattr(submission, "_outcome", slowly)
    accepted = []
    for application in whole_eois(3):
        at_once([lambda application=application: press(application, [0])] * 12)
        accepted.append(application.attempts.filter(outcome=AttemptOutcome.ACCEPTED).count())
    return accepted


def test_twelve_presses_at_the_same_moment_are_one_submission(monkeypatch):
    accepted = presses_together(monkeypatch)
    print(f"\nsubmitting together: accepted {accepted} of 12 presses each")
    assert accepted == [1, 1, 1]


def test_without_the_lock_presses_would_be_accepted_twice(monkeypatch, no_locks):
    no_locks()
    accepted = presses_together(monkeypatch)
    print(f"\nsubmitting together without the lock: accepted {accepted} of 12 presses each")
    assert max(accepted) > 1

"""Reminders: once each, never early, late by no more than the gap that delayed them, and never after they are of use."""

import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from django.db import connection

from tests.factories import CouncilFactory
from upstream import clock
from upstream.correspondence import delivery, reminders, tasks
from upstream.correspondence.models import OutboundEmail, ReminderSent
from upstream.correspondence.states import EmailStatus
from upstream.deadlines import LONDON

pytestmark = pytest.mark.django_db
START = datetime(2027, 3, 1, 9, tzinfo=UTC)
SEED = 400


class Daily:
    """Every day at nine in London, to each of two people, of use for two days."""

    name, title = "daily", "A daily test"
    council = None
    queue_message = None

    def planned(self, start, end, subject_id=None):
        day = start.astimezone(LONDON).date()
        while day <= end.astimezone(LONDON).date():
            at = datetime(day.year, day.month, day.day, 9, tzinfo=LONDON).astimezone(UTC)
            if start <= at < end and subject_id in {None, self.council.pk}:
                for person in ("sam@example.org", "alex@example.org"):
                    yield reminders.Planned(at, at + timedelta(days=2), self.council, person, f"{day}")
            day += timedelta(days=1)

    def queue(self, planned, key):
        return Daily.queue_message(
            key=key, kind=self.name, recipient=planned.recipient, about=planned.subject, use_by=planned.use_by, context={"name": "Sam"}
        )


class Broken(Daily):
    """Cannot even say what it plans."""

    name = "broken"

    def planned(self, start, end, subject_id=None):
        raise ValueError(self.name)


class OneBadRow(Daily):
    """Fails for one of the two people."""

    name = "one-bad-row"

    def queue(self, planned, key):
        if planned.recipient.startswith("sam"):
            raise ValueError(self.name)
        return super().queue(planned, key)


class NoLongerPlanned(Daily):
    """Plans until told to stop."""

    name = "stopped"
    stopped: ClassVar[bool] = False

    def planned(self, *args, **kwargs):
        return [] if NoLongerPlanned.stopped else super().planned(*args, **kwargs)


@pytest.fixture
def rules(settings, queue, monkeypatch):
    """Return a function that makes these the rules."""
    monkeypatch.setattr(Daily, "council", CouncilFactory())
    monkeypatch.setattr(Daily, "queue_message", staticmethod(queue))

    def use(*used):
        settings.REMINDER_RULES = [f"{__name__}.{rule.__name__}" for rule in used]

    return use


def test_the_task_queues_what_is_due(rules, move_clock):
    rules(Daily)
    move_clock(START + timedelta(hours=1))
    tasks.sweep_reminders()
    assert OutboundEmail.objects.count() == ReminderSent.objects.count() == 4


def test_a_rule_that_raises_and_a_row_that_raises_stop_nothing_else(rules):
    rules(Broken, OneBadRow, Daily)
    sent = reminders.send_due(START + timedelta(hours=1))
    assert Counter(ReminderSent.objects.values_list("rule", "recipient")) == {
        ("one-bad-row", "alex@example.org"): 2,
        ("daily", "alex@example.org"): 2,
        ("daily", "sam@example.org"): 2,
    }
    assert sent == 6


def test_a_reminder_that_is_no_longer_planned_is_not_sent(rules, smtp, move_clock, monkeypatch):
    rules(NoLongerPlanned)
    move_clock(START + timedelta(hours=1))
    reminders.send_due(clock.now())
    first, *others = OutboundEmail.objects.order_by("pk")
    delivery.deliver(first.pk)
    monkeypatch.setattr(NoLongerPlanned, "stopped", True)
    for email in others:
        delivery.deliver(email.pk)
    assert len(smtp.messages) == 1
    assert OutboundEmail.objects.filter(status=EmailStatus.SUPPRESSED).count() == len(others) == 3


def test_the_forecast_and_the_sweep_agree(rules):
    rules(Daily)
    coming = reminders.forecast(START, START + timedelta(days=3))
    assert len(coming) == 6
    for hour in range(1, 3 * 24 + 1):
        reminders.send_due(START + timedelta(hours=hour))
    forecast = {(planned.recipient, planned.occurrence) for _, planned in coming}
    assert forecast <= set(ReminderSent.objects.values_list("recipient", "occurrence"))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_three_sweeps_at_once_queue_each_reminder_once_and_without_the_ledger_more_often(rules, monkeypatch, guarded):
    rules(Daily)
    if not guarded:
        made = iter(range(1000))
        monkeypatch.setattr(reminders, "send_one", lambda rule, planned, now: bool(rule.queue(planned, f"unguarded:{next(made)}")))
    together = threading.Barrier(3)

    def sweep():
        together.wait()
        reminders.send_due(START + timedelta(hours=1))
        connection.close()

    sweeps = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in sweeps:
        thread.start()
    for thread in sweeps:
        thread.join()
    assert OutboundEmail.objects.count() == (4 if guarded else 12)


def test_four_hundred_days_with_both_clock_changes_three_beats_and_gaps_of_up_to_36_hours(rules, monkeypatch):
    rules(Daily)
    chance = random.Random(SEED)
    monkeypatch.setattr("upstream.correspondence.services.wake_worker", lambda *args: None)
    now, end = START, START + timedelta(days=400)
    latest, sweeps, gaps, longest = {}, 0, 0, timedelta(0)
    while now < end:
        before = now
        gap = chance.random() < 0.02
        gaps += gap
        # Three beats between them sweep every twenty minutes or so, unless all are down.
        now += timedelta(minutes=chance.uniform(60, 36 * 60)) if gap else timedelta(minutes=chance.uniform(1, 40))
        longest = max(longest, now - before)
        sweeps += 1
        reminders.send_due(now)
        if sweeps % 3 == 0:
            assert reminders.send_due(now) == 0
        latest[now] = before
    planned = {one.ledger_key: one for one in Daily().planned(START, now)}
    rows = ReminderSent.objects.filter(at__gt=START, occurrence__gt="2027-03-01")
    sent = {(row.subject, row.recipient, row.occurrence): row.at for row in rows}
    expected = {key: one for key, one in planned.items() if one.occurrence > "2027-03-01"}
    print(f"seed {SEED}: {sweeps} sweeps, {gaps} gaps up to {longest}, {len(expected)} due, {len(sent)} sent")
    assert gaps > 20
    assert set(sent) == set(expected)
    assert rows.count() == len(sent) == OutboundEmail.objects.filter(reminders__in=rows).count()
    # Each went out in the very first sweep after it fell due: none early, late by no more than the time since the sweep before.
    assert all(latest[at] <= expected[key].at < at for key, at in sent.items())

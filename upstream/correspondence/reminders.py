"""Reminders: rules that read the database, the sweep that queues what is due, and the forecast of what will be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from django.conf import settings
from django.db import connection, models, transaction
from django.utils.module_loading import import_string

from upstream.correspondence.models import OutboundEmail, ReminderSent

log = structlog.get_logger(__name__)

# A sweep still sends what fell due while nothing ran for this long, unless its use-by has passed.
LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True)
class Planned:
    """One reminder to one person.

    `subject` is the record it is about and `recipient` an email address. `occurrence` tells this reminder from the others of its rule
    about the same record: when a deadline moves and people should hear again, it must name the deadline. After `use_by` it is not sent.
    """

    at: datetime
    use_by: datetime
    subject: models.Model
    recipient: str
    occurrence: str

    @property
    def subject_label(self) -> str:
        """The subject as the ledger writes it, for example "applications.application:12"."""
        return f"{self.subject._meta.label_lower}:{self.subject.pk}"

    @property
    def ledger_key(self) -> tuple[str, str, str]:
        """What is unique within one rule."""
        return self.subject_label, self.recipient, self.occurrence


class Rule(Protocol):
    """When to remind whom. The sweep, the forecast and the check at sending all ask `planned`, so they cannot disagree."""

    name: str
    title: str

    def planned(self, start: datetime, end: datetime, subject_id: int | None = None) -> Iterable[Planned]:
        """Return every reminder with start <= at < end, as the database stands; with `subject_id`, those about one record."""

    def queue(self, planned: Planned, key: str) -> OutboundEmail:
        """Put the message in the outbox under this key, with the reminder's use-by."""


def rules() -> list[Rule]:
    """Return the rules of settings.REMINDER_RULES."""
    return [import_string(path)() for path in settings.REMINDER_RULES]


def send_due(now: datetime) -> int:
    """Queue every reminder that has fallen due, once. Returns how many. Safe to run twice at the same time, and after a gap."""
    sent = 0
    for rule in rules():
        try:
            for planned in unsent(rule, now):
                sent += send_one(rule, planned, now)
        except Exception:
            log.exception("reminder-rule-failed", rule=rule.name)
    return sent


def unsent(rule: Rule, now: datetime) -> Iterator[Planned]:
    """Yield what a rule has planned until now and the ledger does not hold yet."""
    ledger = set(ReminderSent.objects.filter(rule=rule.name, at__gte=now - LOOK_BACK).values_list("subject", "recipient", "occurrence"))
    for planned in rule.planned(now - LOOK_BACK, now):
        if planned.use_by > now and planned.ledger_key not in ledger:
            yield planned


def send_one(rule: Rule, planned: Planned, now: datetime) -> bool:
    """Queue one reminder, unless another sweep has. A reminder that cannot be queued is logged and waits for the next sweep."""
    try:
        with transaction.atomic():
            reminder = add_to_ledger(rule, planned, now)
            if reminder is None:
                return False
            reminder.email = rule.queue(planned, f"reminder:{rule.name}:{planned.subject_label}:{reminder.pk}")
            reminder.save(update_fields=["email"])
    except Exception:
        log.exception("reminder-failed", rule=rule.name, subject=planned.subject_label, occurrence=planned.occurrence)
        return False
    return True


def add_to_ledger(rule: Rule, planned: Planned, now: datetime) -> ReminderSent | None:
    """Insert the ledger's row, or return None when it is there. Waits for another sweep that is just inserting it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO correspondence_remindersent (rule, subject, recipient, occurrence, at) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING RETURNING id",
            [rule.name, *planned.ledger_key, now],
        )
        inserted = cursor.fetchone()
    return ReminderSent.objects.get(pk=inserted[0]) if inserted else None


def is_still_planned(email: OutboundEmail, now: datetime) -> bool:
    """Return whether the rule that made this message would make it again, as the database stands. True for what no rule made."""
    reminder = ReminderSent.objects.filter(email=email).first()
    if reminder is None:
        return True
    rule = next((rule for rule in rules() if rule.name == reminder.rule), None)
    if rule is None:
        return False
    made = (reminder.subject, reminder.recipient, reminder.occurrence)
    subject_id = int(reminder.subject.rpartition(":")[2])
    return any(planned.ledger_key == made for planned in rule.planned(now - 2 * LOOK_BACK, now, subject_id=subject_id))


def forecast(now: datetime, until: datetime) -> list[tuple[Rule, Planned]]:
    """Return what will go out between now and then if nothing changes, in order. A rule that cannot say is logged and left out."""
    coming: list[tuple[Rule, Planned]] = []
    for rule in rules():
        try:
            coming += [(rule, planned) for planned in rule.planned(now, until)]
        except Exception:
            log.exception("reminder-forecast-failed", rule=rule.name)
    return sorted(coming, key=lambda pair: (pair[1].at, pair[1].recipient))

"""Adding to the trail and checking it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from upstream import clock
from upstream.accounts.models import User
from upstream.audit.models import Entry

# Any fixed number: PostgreSQL's advisory lock that puts the writers of the trail in a row until they commit.
CHAIN_LOCK = 4_071_519


def record(*, actor: User | None, verb: str, subject: models.Model, at: datetime | None = None, **data: Any) -> Entry:
    """Add an entry in the caller's transaction. Locks the chain until that commits, so call it last.

    `data` must be JSON: ids, codes and times, never names. `at` is the transaction's time, where the caller knows it already.
    """
    return record_each(actor=actor, verb=verb, acts=[(subject, data)], at=at)[0]


@transaction.atomic
def record_each(
    *, actor: User | None, verb: str, acts: Iterable[tuple[models.Model, dict[str, Any]]], at: datetime | None = None
) -> list[Entry]:
    """Add an entry for each of many subjects, with its data, as `record` does for one. As many queries as for one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    last = Entry.objects.order_by("-pk").values_list("hash", flat=True).first() or ""
    at = at or clock.now()
    entries: list[Entry] = []
    for subject, data in acts:
        entry = Entry(
            at=at,
            actor_id=actor.pk if actor else None,
            verb=verb,
            subject_type=subject._meta.label_lower,
            subject_id=subject.pk,
            data=data,
            previous_hash=entries[-1].hash if entries else last,
        )
        entry.hash = entry.compute_hash()
        entries.append(entry)
    return Entry.objects.bulk_create(entries)


def broken_entries() -> Iterator[Entry]:
    """Yield every entry whose own hash is wrong, or that does not follow from the one before it."""
    previous = ""
    for entry in Entry.objects.order_by("pk").iterator(chunk_size=1000):
        if entry.hash != entry.compute_hash() or entry.previous_hash != previous:
            yield entry
        previous = entry.hash

"""Adding to the trail and checking it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from upstream import clock
from upstream.accounts.models import User
from upstream.audit.models import Entry

# Any fixed number: PostgreSQL's advisory lock that puts the writers of the trail in a row until they commit.
CHAIN_LOCK = 4_071_519


@transaction.atomic
def record(*, actor: User | None, verb: str, subject: models.Model, at: datetime | None = None, **data: Any) -> Entry:
    """Add an entry in the caller's transaction. Locks the chain until that commits, so call it last.

    `data` must be JSON: ids, codes and times, never names. `at` is the transaction's time, where the caller knows it already.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    entry = Entry(
        at=at or clock.now(),
        actor_id=actor.pk if actor else None,
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        data=data,
        previous_hash=Entry.objects.order_by("-pk").values_list("hash", flat=True).first() or "",
    )
    entry.hash = entry.compute_hash()
    entry.save(force_insert=True)
    return entry


def broken_entries() -> Iterator[Entry]:
    """Yield every entry whose own hash is wrong, or that does not follow from the one before it."""
    previous = ""
    for entry in Entry.objects.order_by("pk").iterator(chunk_size=1000):
        if entry.hash != entry.compute_hash() or entry.previous_hash != previous:
            yield entry
        previous = entry.hash

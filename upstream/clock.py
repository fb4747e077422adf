"""The database's clock: the only judge of what is on time.

Call it as `clock.now()`, so that a test can move the one function and everything moves with it.
"""

from datetime import datetime
from typing import cast

from django.db import connection


def now() -> datetime:
    """Return the transaction's time, aware UTC. Waiting for a lock inside the transaction makes nobody late."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cast("datetime", cursor.fetchone()[0])

"""Fixtures that every test may ask for."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from upstream import clock

APPEND_ONLY = ("audit_entry", "applications_submissionattempt")


def is_host_of_embedded_server(config: pytest.Config) -> bool:
    """The process that starts the xdist workers, or the only one, looks after the embedded server for all."""
    return settings.DATABASES["default"]["ENGINE"] == "upstream.embedded" and not hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    if is_host_of_embedded_server(config):
        from upstream.embedded import server

        server.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    if is_host_of_embedded_server(config):
        from upstream.embedded import server

        server.stop()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: object) -> None:
    """Let the test database be emptied between transactional tests: production never truncates an append-only table."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in APPEND_ONLY:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only_truncate")


@pytest.fixture
def move_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[datetime], None]]:
    """Return a function that sets both the database's clock and Python's to a moment and stops them there."""
    travellers: list[time_machine.travel] = []

    def move(moment: datetime) -> None:
        while travellers:
            travellers.pop().stop()
        traveller = time_machine.travel(moment, tick=False)
        traveller.start()
        travellers.append(traveller)
        monkeypatch.setattr(clock, "now", lambda: moment)

    yield move
    while travellers:
        travellers.pop().stop()


@pytest.fixture
def roles(db: None) -> None:
    """Make the groups that staff and finance belong to."""
    call_command("sync_roles")

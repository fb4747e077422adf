"""Fixtures that every test may ask for."""

import gc
import os
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from typing import Any

import psycopg2
import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, override_settings

from tests.factories import StaffFactory
from upstream import clock
from upstream.accounts.models import User

APPEND_ONLY = ("audit_entry", "applications_submissionattempt")


def is_host_of_embedded_server(config: pytest.Config) -> bool:
    """The process that starts the xdist workers, or the only one, looks after the embedded server for all."""
    return settings.DATABASES["default"]["ENGINE"] == "upstream.embedded" and not hasattr(config, "workerinput")


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors, as a test in a browser waits now and then."""
    return (os.cpu_count() or 1) + 1


def pytest_configure(config: pytest.Config) -> None:
    gc.freeze()  # collecting what lives as long as the process takes a good part of the time of tests that make and drop much
    gc.set_threshold(100_000, 50, 50)
    if is_host_of_embedded_server(config):
        from upstream.embedded import server

        server.start()
        hurry(server.address())


# What keeps data safe when the machine fails costs time at every emptying of the tables, and no test needs it.
UNSAFE = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum", "jit")


def hurry(address: dict[str, Any]) -> None:
    """Let the embedded server of the tests risk its data."""
    connection = psycopg2.connect(dbname="postgres", **address)
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        for setting in UNSAFE:
            cursor.execute(f"ALTER SYSTEM SET {setting} = off")
        cursor.execute("SELECT pg_reload_conf()")


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


@pytest.fixture(scope="module")
def made_once(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let fixtures of a module make records and files that all its tests share. What a test does to them is undone after it."""
    media = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), media, transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def standing_still(moment: datetime) -> Iterator[None]:
    """Stop both the database's clock and Python's at a moment."""
    with time_machine.travel(moment, tick=False), pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        yield


@pytest.fixture
def move_clock() -> Iterator[Callable[[datetime], None]]:
    """Return a function that sets both clocks to a moment and stops them there."""
    with ExitStack() as stopped:

        def move(moment: datetime) -> None:
            stopped.close()
            stopped.enter_context(standing_still(moment))

        yield move


class Clamd(socketserver.StreamRequestHandler):
    """Speaks as clamd does: one command, one answer. Content with the word MALWARE is some."""

    def handle(self) -> None:
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        answer = {b"zPING\0": self.ping, b"zINSTREAM\0": self.scan}[command]()
        said = self.server.always_says  # type: ignore[attr-defined]
        self.wfile.write((answer if said is None else said).encode() + b"\0")

    def ping(self) -> str:
        return "PONG"

    def scan(self) -> str:
        content = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        self.server.scanned.append(content)  # type: ignore[attr-defined]
        return "stream: Test-Signature FOUND" if b"MALWARE" in content else "stream: OK"


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[socketserver.BaseServer]:
    """Let a server answer in a thread of its own."""
    server.scanned, server.always_says = [], None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    with server:
        yield server
        server.shutdown()
    thread.join()


@pytest.fixture
def clamd(settings: Any) -> Iterator[socketserver.BaseServer]:
    """A scanner that listens on TCP. `scanned` holds what it was sent; set `always_says` to make it answer that."""
    with running(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd)) as server:
        settings.CLAMD = server.server_address
        yield server


@pytest.fixture
def roles(db: None) -> None:
    """Make the groups that staff and finance belong to."""
    call_command("sync_roles")


@pytest.fixture
def staff(roles: None) -> User:
    """Somebody who runs the programme."""
    return StaffFactory()


@pytest.fixture
def office(client: Client, staff: User) -> Client:
    """A browser with them signed in."""
    client.force_login(staff)
    return client

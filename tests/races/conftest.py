"""Running many people at once, each on a connection of their own, against the real clock."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models import QuerySet

from tests.applications.conftest import call, contact, draft, officer, whole

__all__ = ["call", "contact", "draft", "officer", "whole"]


def at_once(number: int, act: Callable[[int], object]) -> list[object]:
    """Do `act(0)` to `act(number - 1)` in as many threads, let go together; return what each gave or raised."""
    gate = threading.Barrier(number)

    def run(index: int) -> object:
        try:
            gate.wait()
            return act(index)
        except Exception as error:  # noqa: BLE001  (an error is a result here)
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


@pytest.fixture
def without_locks(monkeypatch):
    """Take every row lock away."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self.all())

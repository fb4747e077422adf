"""Threads with connections of their own, on the real clock."""

import random
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db import connection, models

from applications.models import Application
from applications.services.eoi import save_section, start_application
from applications.states import QuestionKind
from tests.factories import CallFactory, ContactFactory, QuestionFactory, SectionFactory

SEED = 20190715


@pytest.fixture
def dice() -> random.Random:
    """The same pauses and orders at every run."""
    return random.Random(SEED)


def at_once(tasks: Iterable[Callable[[], Any]]) -> list[Any]:
    """Run the tasks in threads that set off together. Return what came of each: its result, or the exception it raised."""
    tasks = list(tasks)
    results: list[Any] = [None] * len(tasks)
    gate = threading.Barrier(len(tasks))

    def run(number: int, task: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(timeout=60)
            results[number] = task()
        except Exception as error:  # noqa: BLE001  (what went wrong is a result, which the test judges)
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return results


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function that takes the guard away: from then on no row is locked."""
    return lambda: monkeypatch.setattr(models.QuerySet, "select_for_update", lambda records, **_: records.all())


def whole_eois(number: int, **dates: Any) -> list[Application]:
    """Return drafts of one call, each whole and of a council of its own."""
    call = CallFactory(**dates)
    section = SectionFactory(call=call)
    text = QuestionFactory(section=section, kind=QuestionKind.LONG_TEXT, word_limit=100)
    made = []
    for contact in ContactFactory.create_batch(number):
        application = start_application(call_id=call.pk, council_id=contact.council_id, by=contact.user)
        save_section(application_id=application.pk, section=section, revision=0, values={text.pk: "Text"}, completed=True, by=contact.user)
        made.append(application)
    return made

"""Somebody is taken off a council at the moment when they write in its name."""

import threading
import time

import pytest

from applications.models import Application
from applications.services import eoi, interviews, submission
from cohort.services.contacts import NotPossible, change_role, end_contact
from cohort.states import ContactRole
from tests.factories import CallFactory, ContactFactory
from tests.factories.judging import InterviewSlotFactory, ShortlistedFactory
from tests.races.conftest import SEED, at_once, whole_eois
from upstream.accounts.models import User

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 6
SLOWLY = 0.15  # as long as a busy server takes between checking and writing


def keep_saving(application, person):
    """Save new words three times."""
    section = application.call.sections.get()
    text = section.questions.get()
    for revision in range(1, 4):
        values = {text.pk: f"Text {revision}"}
        eoi.save_section(application_id=application.pk, section=section, revision=revision, values=values, completed=True, by=person)


def submit(application, person):
    submission.submit_application(application_id=application.pk, by=person)


def withdraw(application, person):
    submission.withdraw_application(application_id=application.pk, reason="", by=person)


def book(application, person):
    slot = InterviewSlotFactory(call=application.call)
    interviews.book_interview(application_id=application.pk, slot_id=slot.pk, contact_name="Sam", phone="01632 960001", by=person)


def end(contact, manager):
    end_contact(contact_id=contact.pk, by=manager)


def lower(contact, manager):
    change_role(contact_id=contact.pk, by=manager, role=ContactRole.EDITOR)


def switch_off(contact, _manager):
    User.objects.filter(pk=contact.user_id).update(is_active=False)


def state(application):
    """What people have written, in a shape that can be compared."""
    return [
        Application.objects.values_list("status").get(pk=application.pk),
        list(application.answers.values_list("value", flat=True)),
        list(application.attempts.values_list("outcome", flat=True)),
        list(application.interviews.values_list("status", flat=True)),
    ]


def shortlisted_eois(number):
    """Return EoIs of one call whose councils have to book an interview."""
    call = CallFactory()
    return [ShortlistedFactory(call=call, council=each.council, created_by=each.user) for each in ContactFactory.create_batch(number)]


@pytest.fixture
def between(monkeypatch):
    """Let time pass between each service's checks and what it writes, and return the event that tells of it."""
    event = threading.Event()
    for module, name in [(eoi, "_write"), (submission, "_outcome"), (submission, "check_transition"), (interviews, "_give_sheets")]:
        quickly = getattr(module, name)

        def slowly(*arguments, quickly=quickly, **named):
            event.set()
            time.sleep(SLOWLY)
            return quickly(*arguments, **named)

        monkeypatch.setattr(module, name, slowly)
    return event


def outlived(dice, between, write, take_off):
    """Race as many rounds, and return how many writes were refused and how many came after the person had been taken off.

    In every other round the person is taken off while the service is at work, in the others just before.
    """
    refused, late = 0, 0
    for number, application in enumerate(shortlisted_eois(ROUNDS) if write is book else whole_eois(ROUNDS)):
        between.clear()
        contact = application.council.contacts.get()
        manager = ContactFactory(council=application.council).user
        off, left, pause = threading.Event(), [], dice.uniform(0, SLOWLY / 6)

        def work(number=number, application=application, contact=contact, off=off):
            if number % 2:
                off.wait(timeout=10)
            write(application, contact.user)

        def leave(number=number, application=application, contact=contact, manager=manager, off=off, left=left, pause=pause):
            if not number % 2:
                between.wait(timeout=10)
                time.sleep(pause)
            take_off(contact, manager)
            left.append(state(application))
            off.set()

        written, gone = at_once([work, leave])
        assert gone is None
        assert written is None or isinstance(written, NotPossible), written
        refused += written is not None
        late += state(application) != left[0]
    print(f"\n{write.__name__}, {take_off.__name__}: {ROUNDS} rounds, {refused} refused, {late} written afterwards, seed {SEED}")
    return refused, late


WAYS = [(keep_saving, end), (keep_saving, switch_off), (submit, end), (submit, lower), (withdraw, lower), (book, end)]


@pytest.mark.parametrize(("write", "take_off"), WAYS)
def test_nothing_is_written_once_the_person_is_off(dice, between, write, take_off):
    refused, late = outlived(dice, between, write, take_off)
    assert late == 0
    assert refused


@pytest.mark.parametrize(("write", "take_off"), WAYS)
def test_without_the_lock_something_would_be(dice, between, write, take_off, no_locks):
    no_locks()
    assert outlived(dice, between, write, take_off)[1]

"""Two people write, close and open items of one meeting at the same time."""

import time

import pytest
from django.core.management import call_command

from applications.models import MeetingItem
from applications.services import meeting_items
from applications.services.meeting_items import ItemClosed, ItemConflict, Outcome, close_item, open_item, save_item
from tests.factories import StaffFactory
from tests.factories.meeting import running, scored_panel
from tests.races.conftest import SEED, at_once
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 10


@pytest.fixture
def staff(db):
    call_command("sync_roles")
    return StaffFactory.create_batch(2)


def opened(staff):
    meeting = running(scored_panel(2), staff[0])
    return open_item(item_id=meeting.items.first().pk, by=staff[0])


def save_by_two(item, staff):
    def save(person, reason):
        return save_item(item_id=item.pk, revision=item.revision, outcome=Outcome("select", None, reason), by=person)

    return at_once([lambda: save(staff[0], "First."), lambda: save(staff[1], "Second.")])


def test_of_two_people_one_saves_and_the_other_is_told(staff):
    for _ in range(ROUNDS):
        item = opened(staff)
        results = save_by_two(item, staff)
        assert sorted(map(type, results), key=str) == sorted([MeetingItem, ItemConflict], key=str)
        item.refresh_from_db()
        assert item.revision == 1


def test_without_the_lock_one_would_overwrite_the_other(staff, no_locks, monkeypatch):
    items = [opened(staff) for _ in range(ROUNDS)]
    no_locks()
    # A moment between reading and writing, which the lock makes harmless.
    read = meeting_items.written

    def read_slowly(item):
        found = read(item)
        time.sleep(0.05)
        return found

    monkeypatch.setattr(meeting_items, "written", read_slowly)
    lost = sum(ItemConflict not in map(type, save_by_two(item, staff)) for item in items)
    print(f"\nsaving without the lock: {lost} of {ROUNDS} overwritten unseen")
    assert lost


def test_what_is_closed_is_what_was_saved_before_and_nothing_comes_after(staff):
    refused = 0
    late = Outcome("reserve", None, "Changed.")
    for _ in range(ROUNDS):
        item = opened(staff)
        first = save_item(item_id=item.pk, revision=0, outcome=Outcome("select", None, "Agreed."), by=staff[0])
        closed, saved = at_once(
            [
                lambda item=item: close_item(item_id=item.pk, by=staff[0]),
                lambda item=item, first=first: save_item(item_id=item.pk, revision=first.revision, outcome=late, by=staff[1]),
            ]
        )
        assert isinstance(closed, MeetingItem)
        refused += isinstance(saved, ItemClosed)
        item.refresh_from_db()
        assert item.reason == ("Agreed." if isinstance(saved, ItemClosed) else "Changed.") == closed.reason
    print(f"\nclosing while another saves: {ROUNDS} rounds, {refused} saves refused, seed {SEED}")


def test_two_people_open_two_items_and_one_is_open(staff):
    for _ in range(ROUNDS):
        first, second = running(scored_panel(2), staff[0]).items.all()
        results = at_once(
            [
                lambda item=item, person=person: open_item(item_id=item.pk, by=person)
                for item, person in zip((first, second), staff, strict=True)
            ]
        )
        assert sorted(map(type, results), key=str) == sorted([MeetingItem, InvalidTransition], key=str)

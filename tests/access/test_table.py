"""Every address, every role, GET and POST, one's own and another's."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.access.addresses import address, has_sides, sent
from tests.access.table import TABLE, Row
from tests.access.world import ROLES, World, urls

PARTS = 4


def wrong_cells(world: World, row: Row, names: list[str]) -> Iterator[str]:
    """Yield each cell of a row that is answered otherwise than the table says."""
    for name in names:
        for side in ("own", "other") if has_sides(name) else ("own",):
            for method in ("GET", "POST"):
                for role, expected in zip(ROLES, row.expected(name, method, side), strict=True):
                    if expected == "door" and side == "other":
                        continue  # whose record it is matters behind the office's door
                    url = address(world, name, role, side)
                    answer = world.ask(role, method, url, sent(world, name, method, role, side))
                    if answer != expected:
                        yield f"{name} {side} {method} {role}: {answer}, not {expected}"


def test_the_table_lists_every_address_once_and_no_other():
    listed = Counter(name for row in TABLE for name in row.names())
    assert [name for name, times in listed.items() if times > 1] == []
    assert set(listed) == {name for name, _ in urls()}


# In parts, so that several processes can share the work.
@pytest.mark.django_db
@pytest.mark.parametrize("part", range(PARTS))
def test_every_cell_is_answered_as_the_table_says(world, part):
    wrong = [cell for row in TABLE[part::PARTS] for cell in wrong_cells(world, row, row.names())]
    assert wrong == []

"""A call with three places and six candidates that a panel of two has scored: raw means of 95, 80, 65, 50, 35 and 20."""

import pytest

from applications.services.workbench.scenarios import begin
from cohort.states import Region
from tests.factories import CallFactory, CohortFactory, CouncilFactory, CriterionFactory, StaffFactory
from tests.factories.judging import PanelFactory, PanelMemberFactory, ShortlistedFactory, reviewed

NAMES = ("Ambridge", "Barset", "Casterbridge", "Dunwich", "Erewhon", "Framley")
NORTH, SOUTH = Region.NORTH_EAST, Region.SOUTH_WEST


def candidates(call, members, number=6):
    """Make candidates, the best first: those in the north first, then those in the south."""
    found = []
    for place in range(number):
        name = NAMES[place] if place < len(NAMES) else f"Town {place}"
        council = CouncilFactory(name=name, official_name=f"{name} Council", region=NORTH if place < number / 2 else SOUTH)
        application = ShortlistedFactory(call=call, council=council, reference=f"W-{place:03}", focus_areas=["Upstream"])
        marks = [max(0, 5 - (place + turn) % 6) for turn in (0, 1)]
        for member, mark in zip(members, marks, strict=True):
            reviewed(application, member, mark, mark)
        found.append(application)
    return found


@pytest.fixture
def staff(roles):
    return StaffFactory(full_name="Alex Moreno")


@pytest.fixture
def call(db):
    call = CallFactory(cohort=CohortFactory(places=3))
    for position in (0, 1):
        CriterionFactory(call=call, weight=50, position=position)
    return call


@pytest.fixture
def members(call):
    return PanelMemberFactory.create_batch(2, panel=PanelFactory(call=call, reviews_per_application=2))


@pytest.fixture
def field(call, members):
    """The candidates, whose raw means are 90, 70, 50, 30, 10 and, as marks begin anew, 50."""
    return candidates(call, members)


@pytest.fixture
def scenario(call, field, staff):
    return begin(call=call, by=staff)

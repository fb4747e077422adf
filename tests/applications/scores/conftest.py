"""A call with criteria, a panel of two, and five EoIs that both have scored."""

import pytest

from tests.applications.scores.pages import shortlisted
from tests.factories import CallFactory, CohortFactory, CriterionFactory, StaffFactory, UserFactory
from tests.factories.judging import PanelFactory, PanelMemberFactory, reviewed


@pytest.fixture
def staff():
    return StaffFactory()


@pytest.fixture
def call():
    """Two places, and two criteria that weigh 75 and 25."""
    call = CallFactory(cohort=CohortFactory(places=2))
    for position, weight in enumerate((75, 25)):
        CriterionFactory(call=call, weight=weight, position=position)
    return call


@pytest.fixture
def panel(call):
    return PanelFactory(call=call, reviews_per_application=2)


@pytest.fixture
def members(panel):
    """A strict one and a generous one."""
    return [PanelMemberFactory(panel=panel, user=UserFactory(full_name=name)) for name in ("Sam Strict", "Gail Generous")]


@pytest.fixture
def scored(call, members):
    """Five EoIs of which one member gives 0, 1, 2, 3 and 4 for everything and the other one more: raw means of 10 to 90 in steps of 20."""
    found = shortlisted(call, 5)
    for mark, application in enumerate(found):
        for more, member in enumerate(members):
            reviewed(application, member, mark + more, mark + more)
    return found

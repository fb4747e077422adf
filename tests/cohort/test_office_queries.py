"""The office's lists of councils' people, cohorts and areas ask as much for fifty rows as for five."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cohort.models import FocusArea
from tests.factories import CohortFactory, ContactFactory, StaffFactory


def add_contacts(number):
    ContactFactory.create_batch(number)


def add_cohorts(number):
    CohortFactory.create_batch(number)


def add_areas(number):
    FocusArea.objects.bulk_create(FocusArea(name=f"Area {FocusArea.objects.count() + place}") for place in range(number))


@pytest.mark.django_db
@pytest.mark.usefixtures("roles")
@pytest.mark.parametrize(("model", "add"), [("councilcontact", add_contacts), ("cohort", add_cohorts), ("focusarea", add_areas)])
def test_a_list_asks_as_many_questions_for_fifty_as_for_five(client, model, add):
    client.force_login(StaffFactory())
    address, counts = reverse(f"admin:cohort_{model}_changelist"), []
    for more in (5, 45):
        add(more)
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            rows = client.get(address).context["cl"].result_list
        counts.append((len(rows), len(asked)))
    assert [rows for rows, _ in counts] == [5, 50]
    assert counts[0][1] == counts[1][1] < 20

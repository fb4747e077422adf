"""The council's pages take as many queries for fifty rows as for five."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.services.eoi import start_application
from tests.factories import ContactFactory, QuestionFactory

pytestmark = pytest.mark.django_db


def queries(client, url):
    """Return how many queries the page takes once what is cached is cached."""
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize(("page", "slug"), [("eoi", ()), ("section", ("evidence",)), ("check", ()), ("answers", ())])
def test_pages_of_an_eoi(client, call, draft, officer, page, slug):
    client.force_login(officer)
    url = reverse(f"applications:{page}", args=[draft.reference, *slug])
    section = call.sections.get(slug="evidence")
    counts = []
    for more in (5, 45):
        QuestionFactory.create_batch(more, section=section)
        ContactFactory.create_batch(more, council=draft.council)
        counts.append(queries(client, url))
    assert counts[0] == counts[1]


def test_home(client, call, officer):
    client.force_login(officer)
    counts = []
    for more in (5, 45):
        for contact in ContactFactory.create_batch(more, user=officer):
            start_application(call_id=call.pk, council_id=contact.council_id, by=officer)
        counts.append(queries(client, reverse("home")))
    assert counts[0] == counts[1]

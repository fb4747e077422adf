"""How long pages take beside a bare view of the same run, and how many queries they make. Prints; never fails on time."""

import statistics
import time

import pytest
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import include, path, reverse

from applications.models import Application
from applications.services.eoi import start_application
from tests.applications.conftest import call, contact, draft, fill, officer, whole
from tests.factories import ApplicationFactory, ContactFactory, StaffFactory

__all__ = ["call", "contact", "draft", "officer", "whole"]
pytestmark = [pytest.mark.benchmark, pytest.mark.django_db, pytest.mark.urls(__name__)]
ROUNDS = 30
MOST_QUERIES = {"submit": 25}  # it is no page: it writes the attempt, the receipt, its email and the audit entry
MOST_ELSEWHERE = 20


@login_not_required
def bare(request):
    return HttpResponse("<p>Hello</p>")


urlpatterns = [path("bare/", bare), path("", include("upstream.urls"))]


def median_ms(act, rounds=ROUNDS):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def queries(act):
    """Count what asks or changes something; the savepoints of a test's own transaction do not."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return sum("SAVEPOINT" not in query["sql"] for query in captured)


def report(rows):
    print(f"\n{'page':<28}{'ms':>8}{'bare views':>12}{'queries':>9}")
    for name, ms, ratio, number in rows:
        print(f"{name:<28}{ms:>8.1f}{ratio:>12.1f}{number:>9}")


def test_pages_beside_a_bare_view(client, roles, call, draft, officer):
    for _ in range(399):
        ApplicationFactory(call=call)
    assert Application.objects.count() == 400
    slug, reference = call.slug, draft.reference
    public = {"call page": reverse("applications:call", args=[slug])}
    council = {
        "task list": reverse("applications:eoi", args=[reference]),
        "section": reverse("applications:section", args=[reference, "evidence"]),
        "check answers": reverse("applications:check", args=[reference]),
    }
    office = {"office list, 400 EoIs": reverse("admin:applications_application_changelist"), "office front page": reverse("admin:index")}
    client.get("/bare/")
    base = median_ms(lambda: client.get("/bare/"))
    rows = [("bare view", base, 1.0, 0)]
    for person, pages in ((None, public), (officer, council), (StaffFactory(), office)):
        if person:
            client.force_login(person)
        for name, address in pages.items():
            assert client.get(address).status_code == 200
            ms = median_ms(lambda address=address: client.get(address))
            rows.append((name, ms, ms / base, queries(lambda address=address: client.get(address))))
    rows.append(submitting(client, call, base))
    report(rows)
    assert not [row for row in rows if row[3] >= MOST_QUERIES.get(row[0], MOST_ELSEWHERE)]


def submitting(client, call, base):
    """Submit thirty whole EoIs, one after another."""
    addresses = []
    for _ in range(ROUNDS + 1):
        contact = ContactFactory()
        application = fill(start_application(call_id=call.pk, council_id=contact.council_id, by=contact.user), contact.user)
        addresses.append((contact.user, reverse("applications:check", args=[application.reference])))
    times = []
    for user, address in addresses[1:]:
        client.force_login(user)
        times.append(median_ms(lambda address=address: client.post(address, {"agree": "on"}), rounds=1))
    user, address = addresses[0]
    client.force_login(user)
    number = queries(lambda: client.post(address, {"agree": "on"}))
    assert Application.objects.filter(status="submitted").count() == ROUNDS + 1
    ms = statistics.median(times)
    return "submit", ms, ms / base, number

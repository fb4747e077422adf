"""How long pages take beside a bare Django view in the same run. The figures are for reading: only the queries are held."""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path, reverse

from applications.models import Application
from tests.factories import ApplicationFactory, CouncilFactory, StaffFactory
from tests.races.conftest import whole_eois

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
ROUNDS = 15
MOST_QUERIES = 20


@login_not_required
def bare(request: HttpRequest) -> HttpResponse:
    """The least that Django does behind the same middleware."""
    return HttpResponse("ok")


urlpatterns = [path("bare/", bare, name="bare"), path("", include("upstream.urls"))]


@pytest.fixture
def pages(settings: Any, roles: None) -> Iterator[dict[str, Callable[[], HttpResponse]]]:
    """What is measured, by name, among four hundred EoIs."""
    settings.ROOT_URLCONF = __name__
    application = whole_eois(1)[0]
    call, section = application.call, application.call.sections.get()
    by = application.created_by
    councils = CouncilFactory.create_batch(399)
    Application.objects.bulk_create(ApplicationFactory.build(call=call, council=council, created_by=by) for council in councils)
    officer, staff, public = Client(), Client(), Client()
    officer.force_login(by)
    staff.force_login(StaffFactory())

    def get(client: Client, name: str, *args: Any) -> Callable[[], HttpResponse]:
        return lambda: client.get(reverse(name, args=args))

    def submit() -> HttpResponse:
        with transaction.atomic():
            response = officer.post(reverse("applications:check", args=[application.reference]), {"agree": "on"})
            transaction.set_rollback(True)
        assert response.url == reverse("applications:receipt", args=[application.reference])
        return response

    return {
        "a bare view": get(public, "bare"),
        "the call": get(public, "applications:call", call.slug),
        "home": get(officer, "home"),
        "the task list": get(officer, "applications:eoi", application.reference),
        "a section": get(officer, "applications:section", application.reference, section.slug),
        "checking": get(officer, "applications:check", application.reference),
        "submitting": submit,
        "the office's list": get(staff, "admin:applications_application_changelist"),
    }


def median_time(page: Callable[[], HttpResponse]) -> float:
    """Return the median of the rounds, in milliseconds, after two to warm up."""
    times = []
    for _ in range(ROUNDS + 2):
        start = time.perf_counter()
        page()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[2:])


def test_every_page_takes_fewer_than_twenty_queries(pages):
    base = median_time(pages["a bare view"])
    print(f"\n{'page':<20}{'queries':>8}{'median':>12}{'to a bare view':>16}")
    for name, page in pages.items():
        taken = median_time(page)
        with CaptureQueriesContext(connection) as queries:
            assert page().status_code in {200, 302}
        asked = [query for query in queries if "SAVEPOINT" not in query["sql"]]
        print(f"{name:<20}{len(asked):>8}{taken:>9.1f} ms{taken / base:>15.1f}x")
        assert len(asked) < MOST_QUERIES, name

"""How long the pages of a large call's scores take, model and all. The figures are for reading: only the queries are held."""

import random
import statistics
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from applications.models import Application, Assignment, CriterionScore, Review
from applications.states import ApplicationStatus, AssignmentStatus, ReviewStatus
from tests.factories import CallFactory, CouncilFactory, CriterionFactory, StaffFactory, UserFactory
from tests.factories.judging import PanelFactory, PanelMemberFactory, SubmittedFactory

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db, pytest.mark.usefixtures("roles")]
APPLICATIONS, MEMBERS, REVIEWS, ROUNDS, MOST_QUERIES = 350, 30, 5, 5, 20
SEED = 20190715


@pytest.fixture
def call():
    """Five criteria, and marks by chance."""
    dice, now = random.Random(SEED), timezone.now()
    call, by = CallFactory(), UserFactory()
    criteria = CriterionFactory.create_batch(5, call=call, weight=20)
    members = PanelMemberFactory.create_batch(MEMBERS, panel=PanelFactory(call=call, reviews_per_application=REVIEWS))
    councils = CouncilFactory.create_batch(APPLICATIONS)
    details = {"call": call, "created_by": by, "submitted_by": by, "status": ApplicationStatus.SHORTLISTED}
    applications = Application.objects.bulk_create(SubmittedFactory.build(council=council, **details) for council in councils)
    assignments = Assignment.objects.bulk_create(
        Assignment(application=application, member=member, status=AssignmentStatus.COMMITTED, committed_at=now)
        for application in applications
        for member in dice.sample(members, REVIEWS)
    )
    reviews = Review.objects.bulk_create(
        Review(assignment=assignment, status=ReviewStatus.SUBMITTED, saved_at=now, submitted_at=now) for assignment in assignments
    )
    CriterionScore.objects.bulk_create(
        CriterionScore(review=review, criterion=criterion, score=dice.randint(0, 5)) for review in reviews for criterion in criteria
    )
    return call


def test_the_pages_of_a_large_calls_scores(client, call):
    client.force_login(StaffFactory())
    print(f"\n{APPLICATIONS} EoIs, {MEMBERS} members, {REVIEWS} reviews each, {ROUNDS} rounds, seed {SEED}")
    print(f"{'page':<14}{'queries':>8}{'first':>9}{'median':>9}{'processor':>11}")
    for name in ("scores", "reliability"):
        times, busy = [], []
        for _ in range(ROUNDS):
            start, used = time.perf_counter(), time.process_time()
            with CaptureQueriesContext(connection) as queries:
                assert client.get(f"/admin/applications/call/{call.pk}/{name}/").status_code == 200
            times.append(time.perf_counter() - start)
            busy.append(time.process_time() - used)
        print(f"{name:<14}{len(queries):>8}{times[0]:>7.2f} s{statistics.median(times):>7.2f} s{statistics.median(busy):>9.2f} s")
        assert len(queries) < MOST_QUERIES

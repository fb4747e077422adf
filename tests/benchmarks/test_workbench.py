"""How long the workbench takes with all its explanations: working a selection out, and showing it. The figures are for reading."""

import random
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from applications.models import Application, Assignment, CriterionScore, Review, Scenario
from applications.services.workbench.rules import Bound, Rules
from applications.services.workbench.scenarios import begin, change
from applications.states import ApplicationStatus, AssignmentStatus, ReviewStatus
from cohort.models import Council
from cohort.states import CouncilKind, Region
from tests.factories import CallFactory, CohortFactory, CouncilFactory, CriterionFactory, StaffFactory, UserFactory
from tests.factories.judging import PanelFactory, PanelMemberFactory, ShortlistedFactory

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db, pytest.mark.usefixtures("roles")]
SEED, MOST_QUERIES = 20190715, 40
BOUNDS = (
    *(Bound("region", region, low=1, high=3) for region in Region),
    Bound("kind", CouncilKind.DISTRICT, low=4),
    Bound("kind", CouncilKind.LONDON_BOROUGH, high=2),
)


def scored_call(number, places):
    """Make candidates in every region, with marks by chance from three of a panel of twelve."""
    dice, now = random.Random(SEED), timezone.now()
    call, by = CallFactory(cohort=CohortFactory(places=places)), UserFactory()
    criteria = CriterionFactory.create_batch(4, call=call, weight=25)
    members = PanelMemberFactory.create_batch(12, panel=PanelFactory(call=call))
    councils = Council.objects.bulk_create(
        CouncilFactory.build(region=dice.choice(list(Region)), kind=dice.choice(list(CouncilKind))) for _ in range(number)
    )
    details = {"call": call, "created_by": by, "submitted_by": by, "status": ApplicationStatus.SHORTLISTED}
    applications = Application.objects.bulk_create(ShortlistedFactory.build(council=council, **details) for council in councils)
    assignments = Assignment.objects.bulk_create(
        Assignment(application=application, member=member, status=AssignmentStatus.COMMITTED, committed_at=now)
        for application in applications
        for member in dice.sample(members, 3)
    )
    reviews = Review.objects.bulk_create(
        Review(assignment=assignment, status=ReviewStatus.SUBMITTED, saved_at=now, submitted_at=now) for assignment in assignments
    )
    CriterionScore.objects.bulk_create(
        CriterionScore(review=review, criterion=criterion, score=dice.randint(0, 5)) for review in reviews for criterion in criteria
    )
    return call


@pytest.mark.parametrize(("number", "places"), [(40, 20), (350, 20)])
def test_a_selection_with_all_its_explanations(client, number, places):
    staff = StaffFactory()
    client.force_login(staff)
    first = begin(call=scored_call(number, places), by=staff)
    start, used = time.perf_counter(), time.process_time()
    scenario = change(scenario=first, places=places, basis=first.basis, rules=Rules(BOUNDS, reserves=5), by=staff)
    worked_out, busy = time.perf_counter() - start, time.process_time() - used
    start, used = time.perf_counter(), time.process_time()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/admin/applications/scenario/{scenario.pk}/change/").status_code == 200
    shown, also_busy = time.perf_counter() - start, time.process_time() - used
    print(f"\n{number} candidates, {len(BOUNDS)} bounds, seed {SEED}: {len(queries)} queries")
    print(f"worked out in {worked_out:.2f} s ({busy:.2f} s of the processor), shown in {shown:.2f} s ({also_busy:.2f} s)")
    assert len(queries) < MOST_QUERIES
    assert Scenario.objects.count() == 2

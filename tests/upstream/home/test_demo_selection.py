"""The demonstration's cohort at selection. It is loaded once for all tests here, which leave it as it is."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from django.utils.timezone import localtime

from applications.models import Call
from applications.states import ApplicationStatus, AttemptOutcome
from cohort.models import Council
from cohort.states import CouncilKind, Nation, Region
from upstream import clock
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus
from upstream.home.demo import PEOPLE
from upstream.home.demo_selection import SLUG

pytestmark = pytest.mark.django_db


def load():
    call_command("load_demo", verbosity=0)


def everything():
    return {model._meta.label: list(model.objects.order_by("pk").values()) for model in apps.get_models()}


@pytest.fixture(scope="module", autouse=True)
def demo(django_db_setup, django_db_blocker, tmp_path_factory):
    media = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), media, transaction.atomic():
        load()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def call():
    return Call.objects.select_related("cohort").get(cohort__slug=SLUG)


def test_a_second_run_changes_nothing():
    before = everything()
    load()
    assert everything() == before


def test_everybody_whom_a_sign_in_link_names_is_there_with_a_proven_address(demo):
    emails = {person.email for person in PEOPLE.values()}
    assert set(EmailAddress.objects.filter(verified=True, email__in=emails).values_list("user__email", flat=True)) == emails


def test_the_call_closed_five_weeks_ago_at_midday_on_a_working_day_and_answers_are_due_in_two_weeks(call):
    closing, now = localtime(call.closes_at), clock.now()
    assert timedelta(days=29) < now - call.closes_at < timedelta(days=36)
    assert (closing.hour, closing.minute, closing.weekday() < 5) == (12, 0, True)
    assert 13 <= (call.cohort.confirmations_due_on - localtime(now).date()).days <= 19


def test_sixty_whole_expressions_of_interest_came_in_before_the_closing(call):
    applications = list(call.applications.select_related("council"))
    assert len({application.initiative_title for application in applications}) == len(applications) == 60
    for application in applications:
        attempt = application.attempts.get()
        assert attempt.outcome == AttemptOutcome.ACCEPTED
        assert call.opens_at < attempt.at == application.submitted_at < attempt.deadline == call.closes_at
        assert application.content_hash
    assert ApplicationStatus.DRAFT not in {application.status for application in applications}


def test_they_come_from_councils_of_every_kind_nation_and_region_and_of_many_controls(call):
    councils = Council.objects.filter(applications__call=call).with_control(clock.now().date())
    assert {council.kind for council in councils} == set(CouncilKind)
    assert {council.nation for council in councils} == set(Nation)
    assert {council.region for council in councils} == set(Region)
    assert len({council.control for council in councils}) > 8


def test_no_message_of_that_past_is_still_to_be_sent(call):
    receipts = OutboundEmail.objects.filter(kind="application-submitted", sent_at__lt=call.closes_at)
    assert receipts.filter(status=EmailStatus.SENT).count() == 60
    assert not OutboundEmail.objects.filter(status=EmailStatus.QUEUED, send_after__lt=call.closes_at).exists()

"""The demonstration's data."""

from datetime import UTC, date, datetime

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from applications.models import Application, Call, Question, SubmissionAttempt
from applications.states import ApplicationStatus, AttemptOutcome, QuestionKind
from cohort.models import Council, CouncilContact
from cohort.states import ContactRole, CouncilKind, Region
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail
from upstream.env import Mode
from upstream.home.demo import PEOPLE
from upstream.home.demo_data import closing

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo():
    call_command("load_demo", verbosity=0)


def test_it_refuses_production(settings):
    settings.MODE = Mode.PRODUCTION
    with pytest.raises(CommandError, match="UPSTREAM_ENV=production"):
        call_command("load_demo")
    assert not User.objects.exists()


def test_everybody_with_a_one_click_link_is_there_with_a_proven_address(demo):
    for person in PEOPLE.values():
        assert User.objects.get(email=person.email).emailaddress_set.get().verified, person.email


def test_the_call_is_open_and_closes_at_midday_on_a_weekday(demo):
    call = Call.objects.get(cohort__slug="demo")
    now = timezone.now()
    assert call.is_open(now)
    closes = timezone.localtime(call.closes_at)
    assert (closes.hour, closes.minute) == (12, 0)
    assert closes.weekday() < 5
    assert 11 <= (call.closes_at - now).days <= 14
    assert Question.objects.get(section__call=call, kind=QuestionKind.FILE).required is False


@pytest.mark.parametrize(("today", "closes"), [((2026, 3, 2), 16), ((2026, 3, 3), 16), ((2026, 3, 4), 16), ((2026, 3, 5), 17)])
def test_the_closing_never_falls_on_a_weekend(today, closes):
    moment = closing(date(*today))
    assert (moment.month, moment.day, moment.hour) == (3, closes, 12)


def test_the_office_has_drafts_and_submissions_of_every_kind_and_place(demo):
    applications = Application.objects.filter(call__cohort__slug="demo")
    statuses = list(applications.values_list("status", flat=True))
    assert statuses.count(ApplicationStatus.SUBMITTED) >= 12
    assert statuses.count(ApplicationStatus.DRAFT) >= 6
    councils = Council.objects.filter(code__startswith="DEMO-")
    assert set(councils.values_list("kind", flat=True)) == set(CouncilKind.values)
    assert set(councils.values_list("region", flat=True)) == set(Region.values)
    assert not SubmissionAttempt.objects.exclude(outcome=AttemptOutcome.ACCEPTED).exists()


def test_sam_has_a_draft_to_finish_and_priya_a_receipt(demo):
    drafts = Application.objects.visible_to(User.objects.get(email="sam.okafor@barset.example"))
    assert drafts.get().status == ApplicationStatus.DRAFT
    sent = Application.objects.visible_to(User.objects.get(email="priya.nair@northmere.example"))
    assert sent.get().status == ApplicationStatus.SUBMITTED
    assert CouncilContact.objects.filter(council__code="DEMO-01").get().role == ContactRole.SUBMITTER
    assert OutboundEmail.objects.filter(recipient="priya.nair@northmere.example").exists()


def test_loading_twice_adds_nothing(demo):
    models = (Application, Call, Council, CouncilContact, OutboundEmail, Question, SubmissionAttempt, User)
    before = [model.objects.count() for model in models]
    call_command("load_demo", verbosity=0)
    assert [model.objects.count() for model in models] == before


def test_a_demonstration_that_was_left_lying_opens_again(demo):
    Call.objects.filter(cohort__slug="demo").update(opens_at=datetime(2020, 1, 1, tzinfo=UTC), closes_at=datetime(2020, 2, 1, tzinfo=UTC))
    call_command("load_demo", verbosity=0)
    assert Call.objects.get(cohort__slug="demo").is_open(timezone.now())

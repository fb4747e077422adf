"""When the demonstration can be loaded, and what it opens then."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import localtime

from applications.models import Call
from cohort.models import Cohort
from upstream import clock
from upstream.accounts.models import User
from upstream.env import Mode
from upstream.home.demo_data import load_demo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_it_refuses_in_production_and_leaves_the_database_alone(settings):
    settings.MODE = Mode.PRODUCTION
    with pytest.raises(CommandError, match="never loaded"):
        call_command("load_demo")
    assert not User.objects.exists()
    assert not Cohort.objects.exists()


@pytest.mark.parametrize("today", [datetime(2026, 12, 15, 9, tzinfo=UTC), datetime(2027, 3, 20, 9, tzinfo=UTC), None])
def test_the_call_is_open_and_closes_at_midday_on_a_working_day_whenever_it_is_loaded(move_clock, roles, today):
    if today:
        move_clock(today)
    load_demo()
    call = Call.objects.get(cohort__slug="demonstration")
    closing = localtime(call.closes_at)
    assert call.is_open(clock.now())
    assert timedelta(days=11) < call.closes_at - clock.now() < timedelta(days=18)
    assert (closing.hour, closing.minute) == (12, 0)
    assert closing.weekday() < 5

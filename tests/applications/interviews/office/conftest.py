"""An interview as staff find it in the office: its desk, its lists and its acts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.services.interviews import book_interview
from applications.states import ApplicationStatus
from tests.applications.interviews.conftest import NOW
from tests.factories import CallFactory, ContactFactory, CouncilFactory, StaffFactory
from tests.factories.judging import InterviewSlotFactory, SubmittedFactory

LIST = "/admin/applications/interview/"
SLOTS = "/admin/applications/interviewslot/"


@pytest.fixture
def alex(move_clock):
    move_clock(NOW)
    return StaffFactory(full_name="Alex Reed")


@pytest.fixture
def sam(alex):
    return StaffFactory(full_name="Sam Okafor")


@pytest.fixture
def call(alex):
    return CallFactory(opens_at=NOW - timedelta(days=60), closes_at=NOW - timedelta(days=30), title="The call")


@pytest.fixture
def application(call):
    council = CouncilFactory(official_name="Barset City Council")
    ContactFactory(council=council)
    return shortlisted(call, council=council, initiative_title="Streets that look after themselves", initiative_summary="In short.")


def shortlisted(call, **options):
    return SubmittedFactory(call=call, status=ApplicationStatus.SHORTLISTED, **options)


@pytest.fixture
def interview(application, alex, sam, guide):
    slot = InterviewSlotFactory(call=application.call, starts_at=NOW + timedelta(days=6), interviewer=alex, second_interviewer=sam)
    officer = application.council.contacts.get().user
    return book_interview(application_id=application.pk, slot_id=slot.pk, contact_name="Priya Shah", phone="01632 960 001", by=officer)


@pytest.fixture
def office(client, alex):
    client.force_login(alex)
    return client


def desk(interview, part="change"):
    return f"{LIST}{interview.pk}/{part}/"


def eoi_act(application, name):
    return reverse(f"admin:applications_application_{name}", args=[application.pk])


def words(response):
    return " ".join(response.content.decode().split())


def typed(guide, revision=0, **more):
    found = {"revision": str(revision), "summary": "Sound."}
    for question in guide:
        found |= {f"score{question.pk}": "4", f"note{question.pk}": f"About {question.text}"}
    return found | more


def queries(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)

"""The demonstration's councils, people and open call, loaded once for all tests here. What is at selection has a module of its own."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import call_command

from applications.models import Application, Call, Extension
from applications.states import ApplicationStatus, AttemptOutcome
from cohort.models import Council, CouncilContact
from cohort.states import ContactRole, ContactStatus, Control, CouncilKind, Nation, Region
from upstream import clock
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail
from upstream.documents.models import StoredFile
from upstream.home.demo import PEOPLE
from upstream.home.demo_data import load_demo

pytestmark = pytest.mark.django_db


def everything():
    return {model._meta.label: list(model.objects.order_by("pk").values()) for model in apps.get_models()}


@pytest.fixture(scope="module", autouse=True)
def demo(made_once):
    call_command("sync_roles")
    load_demo()


@pytest.fixture
def call():
    return Call.objects.get(cohort__slug="demonstration")


def test_a_second_run_changes_nothing():
    before = everything()
    load_demo()
    assert everything() == before


def test_staff_may_read_expressions_of_interest_and_officers_only_their_own():
    staff, officer = User.objects.get(email=PEOPLE["staff"].email), User.objects.get(email=PEOPLE["council"].email)
    assert Application.objects.visible_to(staff).count() == Application.objects.count()
    assert {str(application.council) for application in Application.objects.visible_to(officer)} == {"Barset Council (invented)"}
    assert User.objects.get(is_superuser=True).email == PEOPLE["superuser"].email


def test_every_council_says_that_it_is_invented_and_has_a_domain_that_cannot_be_real():
    councils = Council.objects.prefetch_related("domains")
    assert len(councils) > 25
    assert all(str(council).endswith("(invented)") and council.code.startswith("X-") for council in councils)
    assert all([domain.domain.endswith(".example") for domain in council.domains.all()] == [True] for council in councils)


def test_councils_are_of_every_kind_nation_and_region_and_of_many_controls():
    councils = Council.objects.with_control(clock.now().date())
    assert {council.kind for council in councils} == set(CouncilKind)
    assert {council.nation for council in councils} == set(Nation)
    assert {council.region for council in councils} == set(Region)
    assert {council.control for council in councils} == set(Control)


def test_barset_is_half_done_with_a_colleague_and_has_a_request_waiting(call):
    barset = call.applications.with_completeness().get(council__name="Barset")
    assert barset.status == ApplicationStatus.DRAFT
    assert 0 < barset.sections_done < barset.sections_total
    assert barset.progress.values("saved_by").distinct().count() == 2
    contacts = CouncilContact.objects.filter(council=barset.council)
    assert sorted(contacts.values_list("role", "status")) == [
        (ContactRole.EDITOR, ContactStatus.ACTIVE),
        (ContactRole.EDITOR, ContactStatus.REQUESTED),
        (ContactRole.SUBMITTER, ContactStatus.ACTIVE),
    ]


def test_northmere_has_its_receipt_and_the_others_are_at_every_stage(call):
    northmere = call.applications.get(council__name="Northmere")
    assert northmere.attempts.get().outcome == AttemptOutcome.ACCEPTED
    assert OutboundEmail.objects.filter(kind="application-submitted", recipient=PEOPLE["second-council"].email).count() == 1
    statuses = list(call.applications.values_list("status", flat=True))
    assert len(statuses) > 20
    assert set(statuses) == {ApplicationStatus.DRAFT, ApplicationStatus.SUBMITTED, ApplicationStatus.WITHDRAWN}
    assert len(set(call.applications.values_list("initiative_title", flat=True))) == len(statuses)


def test_an_extension_waits_for_somebody_other_than_the_one_who_asked(call):
    extension = Extension.objects.get()
    assert extension.is_waiting
    assert extension.until > call.closes_at
    assert extension.requested_by.email == PEOPLE["second-staff"].email
    draft = call.applications.with_completeness().get(council=extension.council)
    assert draft.status == ApplicationStatus.DRAFT
    assert draft.sections_done < draft.sections_total


def test_northmere_has_attached_its_letter_of_support(call):
    letter = StoredFile.objects.get()
    assert letter.owner.application.council.name == "Northmere"
    assert letter.owner.value == str(letter.pk)
    with letter.content.open() as file:
        assert file.read(4) == b"%PDF"


def test_a_demonstration_that_was_left_lying_opens_again_with_what_was_done_in_it(call, move_clock):
    move_clock(call.closes_at + timedelta(days=200))
    written = list(Application.objects.order_by("pk").values())
    load_demo()
    moved = Call.objects.select_related("cohort").get(pk=call.pk)
    assert moved.is_open(clock.now())
    assert moved.closes_at.date() < moved.cohort.confirmations_due_on < moved.cohort.starts_on
    assert f"{moved.cohort.starts_on:%B %Y}" in moved.timeline
    assert Extension.objects.get().until > moved.closes_at
    assert list(Application.objects.order_by("pk").values()) == written

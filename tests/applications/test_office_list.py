"""The office's list of expressions of interest."""

from datetime import UTC, date, datetime

import pytest

from applications.models import Application, SectionProgress
from applications.states import ApplicationStatus
from cohort.models import PoliticalControl
from cohort.states import Control, CouncilKind, Region
from tests.factories import ApplicationFactory, CallFactory, ContactFactory, CouncilFactory, SectionFactory, StaffFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
URL = "/admin/applications/application/"


@pytest.fixture
def office(client):
    client.force_login(StaffFactory())
    return client


def references(response):
    return {application.reference for application in response.context["cl"].result_list}


def submitted(**fields):
    now = datetime(2027, 1, 5, 9, 30, tzinfo=UTC)
    by = UserFactory()
    return ApplicationFactory(status=ApplicationStatus.SUBMITTED, submitted_at=now, submitted_by=by, content_hash="a" * 64, **fields)


def complete(application, number):
    sections = list(application.call.sections.all())[:number]
    SectionProgress.objects.bulk_create(
        SectionProgress(
            application=application, section=section, completed=True, saved_by=application.created_by, saved_at=application.created_at
        )
        for section in sections
    )


@pytest.mark.parametrize("number", [5, 50])
def test_the_list_asks_the_same_number_of_questions_whatever_its_length(office, django_assert_num_queries, number):
    call = CallFactory()
    for _ in range(number):
        application = submitted(call=call, focus_areas=["Places", f"Area {number}"])
        complete(application, 1)
    office.get(URL)
    with django_assert_num_queries(15):
        assert len(references(office.get(URL))) == number


def test_control_is_that_of_the_day_the_call_closed(office):
    call = CallFactory(opens_at=datetime(2019, 5, 1, tzinfo=UTC), closes_at=datetime(2019, 7, 15, 11, tzinfo=UTC))
    application = ApplicationFactory(call=call)
    for since, control in [(date(2017, 5, 1), Control.LABOUR), (date(2019, 7, 15), Control.GREEN), (date(2019, 7, 16), Control.SNP)]:
        PoliticalControl.objects.create(council=application.council, since=since, control=control)
    assert references(office.get(URL, {"control": "green"})) == {application.reference}
    assert references(office.get(URL, {"control": "snp"})) == set()


def test_a_council_without_a_recorded_control_is_shown_as_not_recorded(office):
    ApplicationFactory()
    assert "Not recorded" in office.get(URL).content.decode()
    assert len(references(office.get(URL, {"control": "not-recorded"}))) == 1


def test_no_control_applies_to_a_combined_authority(office):
    application = ApplicationFactory(council__kind=CouncilKind.COMBINED_AUTHORITY)
    assert references(office.get(URL, {"control": "not-applicable"})) == {application.reference}
    assert references(office.get(URL, {"control": "not-recorded"})) == set()


def test_completeness_is_counted_in_sections(office):
    call = CallFactory()
    SectionFactory.create_batch(3, call=call)
    none, some, everything = ApplicationFactory.create_batch(3, call=call)
    complete(some, 2)
    complete(everything, 3)
    assert "2 of 3 sections" in office.get(URL).content.decode()
    for choice, expected in [("none", none), ("some", some), ("all", everything)]:
        assert references(office.get(URL, {"completeness": choice})) == {expected.reference}


def test_every_filter_finds_its_own(office):
    wanted = submitted(council=CouncilFactory(region=Region.WALES, kind=CouncilKind.WELSH), focus_areas=["Places", "Power"])
    ApplicationFactory(focus_areas=["Service"])
    filters = {"call": wanted.call_id, "status": "submitted", "region": "wales", "kind": "welsh", "focus_area": "Power"}
    for name, value in filters.items():
        assert references(office.get(URL, {name: value})) == {wanted.reference}, name
    assert references(office.get(URL, filters)) == {wanted.reference}


def test_a_choice_that_does_not_exist_finds_nothing(office):
    ApplicationFactory(focus_areas=["Places"])
    for name in ("call", "status", "region", "kind", "control", "focus_area", "completeness"):
        assert references(office.get(URL, {name: "x'); --"})) == set(), name


def test_facets_count_within_the_other_filters(office):
    wales, london = CouncilFactory(region=Region.WALES), CouncilFactory(region=Region.LONDON)
    submitted(council=wales)
    ApplicationFactory(council=wales)
    ApplicationFactory(council=london)
    page = office.get(URL, {"region": "wales"}).content.decode()
    assert "Draft (1)" in page
    assert "London (1)" in page


def test_search_finds_reference_council_and_title(office):
    wanted = ApplicationFactory(council=CouncilFactory(name="Oxenford"), initiative_title="Warm doorsteps")
    ApplicationFactory()
    for words in (wanted.reference, "Oxenford", "doorsteps"):
        assert references(office.get(URL, {"q": words})) == {wanted.reference}


def test_finance_does_not_see_expressions_of_interest(client):
    from django.contrib.auth.models import Group

    finance = UserFactory(is_staff=True)
    finance.groups.add(Group.objects.get(name="Finance"))
    client.force_login(finance)
    assert client.get(URL).status_code == 403


def test_a_council_officer_does_not_reach_the_list(client):
    client.force_login(ContactFactory().user)
    assert client.get(URL, follow=True).status_code == 403


def test_nothing_is_added_or_deleted_by_hand(office):
    application = ApplicationFactory()
    assert office.get(f"{URL}add/").status_code == 403
    assert office.post(f"{URL}{application.pk}/delete/", {"post": "yes"}).status_code == 403
    office.post(f"{URL}{application.pk}/change/", {"status": "accepted"})
    assert Application.objects.get().status == ApplicationStatus.DRAFT

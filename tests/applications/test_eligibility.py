"""The short pages before the form."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from applications.models import Extension
from cohort.states import CouncilKind, Nation, Region
from tests.factories import CallFactory, CouncilFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(move_clock):
    move_clock(datetime(2019, 7, 1, 9, tzinfo=UTC))
    return CallFactory(
        cohort__slug="pilot",
        opens_at=datetime(2019, 6, 3, 8, tzinfo=UTC),
        closes_at=datetime(2019, 7, 15, 11, tzinfo=UTC),
        nations=[Nation.ENGLAND, Nation.WALES],
    )


@pytest.fixture
def oxford(call):
    return CouncilFactory(code="OXO", name="Oxford", official_name="Oxford City Council", kind=CouncilKind.DISTRICT)


@pytest.fixture
def oxfordshire(call):
    return CouncilFactory(code="OXF", name="Oxfordshire", official_name="Oxfordshire County Council", kind=CouncilKind.COUNTY)


def url(name, *args):
    return reverse(f"applications:{name}", args=["pilot", *args])


def answer(client, name, *args, **data):
    return client.post(url(name, *args), data)


def lead(client, **data):
    return answer(client, "start", **{"lead": "council"} | data)


def text(response):
    return response.content.decode()


def apply(client, council):
    lead(client)
    answer(client, "start_confirm", council.code)
    answer(client, "start_initiative", initiative="live")
    return answer(client, "start_people", people="yes")


def test_a_council_that_answers_well_can_apply(client, call, oxford):
    response = lead(client)
    assert response.url == url("start_council")
    response = answer(client, "start_council", council="oxford city council")
    assert response.url == url("start_confirm", "OXO")
    confirm = text(client.get(response.url))
    assert "Oxford City Council" in confirm
    assert "District" in confirm
    assert "South West" in confirm
    assert answer(client, "start_confirm", "OXO").url == url("start_initiative")
    assert answer(client, "start_initiative", initiative="imminent").url == url("start_people")
    assert answer(client, "start_people", people="yes").url == url("can_apply")
    result = text(client.get(url("can_apply")))
    assert "Oxford City Council can lead" in result
    assert "Create an account" in result
    assert client.session[f"eligibility:{call.pk}"]["council"] == "OXO"


def test_the_answers_survive_signing_in(client, call, oxford):
    apply(client, oxford)
    client.force_login(UserFactory())
    assert "Continue to the form" in text(client.get(url("can_apply")))


def test_a_third_sector_lead_meets_advice_and_no_error(client, call):
    response = client.post(url("start"), {"lead": "third-sector"}, follow=True)
    page = text(response)
    assert response.status_code == 200
    assert "you can be its partner" in page
    assert "There is a problem" not in page
    assert url("start") in page


def test_an_advised_lead_cannot_walk_on(client, call, oxford):
    lead(client, lead="third-sector")
    assert client.get(url("start_council")).url == url("start")
    assert client.post(url("start_confirm", "OXO")).url == url("start")
    assert client.get(url("can_apply")).url == url("start")


def test_oxford_is_not_oxfordshire(client, oxford, oxfordshire):
    lead(client)
    assert answer(client, "start_council", council="Oxford").url == url("start_confirm", "OXO")
    assert answer(client, "start_council", council="Oxfordshire").url == url("start_confirm", "OXF")


def test_a_name_that_is_nearly_right_offers_radios(client, oxford, oxfordshire):
    lead(client)
    page = text(answer(client, "start_council", council="Oxfrd"))
    assert "Which council do you mean?" in page
    assert "Oxford City Council" in page
    chosen = answer(client, "start_council", council="Oxfrd", choose="yes", code="OXO")
    assert chosen.url == url("start_confirm", "OXO")
    assert answer(client, "start_council", council="Oxfrd", choose="yes", code="none").url == url("advice", "not-listed")
    assert "Select the council that would lead" in text(answer(client, "start_council", council="Oxfrd", choose="yes"))


def test_two_councils_of_one_name_are_told_apart(client, call):
    CouncilFactory(code="GLO", name="Twinham", official_name="Twinham Borough Council")
    CouncilFactory(code="GLX", name="Twinham", official_name="Twinham County Council")
    lead(client)
    page = text(answer(client, "start_council", council="Twinham"))
    assert "Twinham Borough Council" in page
    assert "Twinham County Council" in page


def test_an_unknown_name_is_an_error_beside_the_box(client, oxford):
    lead(client)
    page = text(answer(client, "start_council", council="Zzyzx"))
    assert "We cannot find a council called “Zzyzx”" in page
    assert "<title>Error: " in page


def test_an_abolished_council_is_sent_to_its_successors(client, call):
    gone = CouncilFactory(code="OLD", official_name="Old District Council", ends_on=date(2019, 3, 31))
    new = CouncilFactory(code="NEW", official_name="New Council")
    gone.successors.add(new)
    lead(client)
    page = text(client.post(url("start_council"), {"council": "Old District Council"}, follow=True))
    assert "Old District Council no longer exists" in page
    assert "last day was 31 March 2019" in page
    assert "This council has taken over from it. Select it to go on." in page
    assert url("start_confirm", "NEW") in page
    client.post(url("start_confirm", "OLD"))
    assert "council" not in client.session[f"eligibility:{call.pk}"]


def test_a_council_that_ends_before_the_closing_date_is_told_so_beforehand(client, call):
    CouncilFactory(code="END", official_name="Ending Council", ends_on=date(2019, 7, 14))
    lead(client)
    page = text(client.get(url("start_confirm", "END")))
    assert "Ending Council will not exist on the closing date" in page
    assert "last day is 14 July 2019" in page


@pytest.mark.parametrize(
    ("kind", "shown"), [(CouncilKind.LONDON_BOROUGH, "A council: district"), (CouncilKind.COMBINED_AUTHORITY, "A combined authority")]
)
@pytest.mark.parametrize("said", ["council", "combined-authority"])
def test_what_the_register_says_of_a_council_wins_over_what_was_chosen(client, call, kind, shown, said):
    CouncilFactory(code="AAA", kind=kind)
    lead(client, lead=said)
    answer(client, "start_confirm", "AAA")
    answer(client, "start_initiative", initiative="live")
    answer(client, "start_people", people="yes")
    assert f'__value">{shown}' in text(client.get(url("can_apply")))


def test_a_council_counts_on_its_last_day_if_that_is_the_closing_day(client, call):
    CouncilFactory(code="LAST", official_name="Last Council", ends_on=date(2019, 7, 15))
    lead(client)
    assert answer(client, "start_confirm", "LAST").url == url("start_initiative")


def test_a_nation_that_the_call_does_not_cover_meets_advice(client, call):
    CouncilFactory(code="SCO", official_name="Glen Council", nation=Nation.SCOTLAND, region=Region.SCOTLAND)
    lead(client)
    page = text(client.post(url("start_council"), {"council": "Glen Council"}, follow=True))
    assert "This call does not cover Scotland" in page
    assert "England and Wales" in page
    client.post(url("start_confirm", "SCO"))
    assert "council" not in client.session[f"eligibility:{call.pk}"]


@pytest.mark.parametrize(
    ("step", "data", "advice"),
    [("start_initiative", {"initiative": "none"}, "initiative"), ("start_people", {"people": "no"}, "people")],
)
def test_an_answer_that_rules_out_leads_to_advice_and_back(client, oxford, step, data, advice):
    apply(client, oxford)
    assert answer(client, step, **data).url == url("advice", advice)
    assert url(step) in text(client.get(url("advice", advice)))
    assert client.get(url("can_apply")).url == url(step)


@pytest.mark.parametrize("step", ["start", "start_council", "start_initiative", "start_people"])
def test_an_empty_answer_is_asked_for_again(client, oxford, step):
    apply(client, oxford)
    page = text(answer(client, step))
    assert "There is a problem" in page


@pytest.mark.parametrize("step", ["start_council", "start_initiative", "start_people", "can_apply"])
def test_nobody_can_skip_a_question(client, oxford, step):
    assert client.get(url(step)).url == url("start")


@pytest.mark.parametrize("topic", ["third-sector", "other", "not-listed", "initiative", "people"])
def test_every_page_of_advice_leads_on(client, call, topic):
    page = text(client.get(url("advice", topic)))
    assert "Change your answer" in page
    assert url("call") in page


def test_unknown_advice_and_councils_are_not_found(client, call):
    lead(client)
    assert client.get(url("advice", "nonsense")).status_code == 404
    assert client.get(url("start_confirm", "NONE")).status_code == 404


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2019, 7, 15, 11, tzinfo=UTC), "Applications have closed"),
        (datetime(2019, 6, 3, 7, 59, tzinfo=UTC), "They open at 9am on Monday 3 June 2019"),
    ],
)
def test_before_and_after_the_call_every_page_says_so(client, oxford, move_clock, moment, words):
    apply(client, oxford)
    move_clock(moment)
    for name, *args in [("start",), ("start_council",), ("start_confirm", "OXO"), ("start_people",), ("can_apply",), ("advice", "other")]:
        assert words in text(client.get(url(name, *args))), name
    before = dict(client.session)
    assert words in text(answer(client, "start", lead="other"))
    assert dict(client.session) == before


def test_only_the_council_with_more_time_goes_on_after_the_call_has_closed(client, call, oxford, oxfordshire, move_clock):
    closed = datetime(2019, 7, 16, 9, tzinfo=UTC)
    Extension.objects.create(
        call=call,
        council=oxford,
        until=datetime(2019, 7, 17, 11, tzinfo=UTC),
        reason="Flood",
        requested_by=UserFactory(),
        approved_by=UserFactory(),
        approved_at=closed,
    )
    move_clock(closed)
    assert url("start") in text(client.get(url("call")))
    lead(client)
    assert "Applications have closed" in text(client.get(url("start_confirm", "OXF")))
    assert answer(client, "start_confirm", "OXO").url == url("start_initiative")
    move_clock(datetime(2019, 7, 17, 11, tzinfo=UTC))
    assert "Applications have closed" in text(client.get(url("start")))


def test_a_name_that_an_ended_council_bore_too_still_offers_those_that_exist(client, call):
    for code in ("AAA", "BBB"):
        CouncilFactory(code=code, name="Twinham")
    CouncilFactory(code="OLD", name="Twinham", ends_on=date(2018, 3, 31))
    lead(client)
    assert "Which council do you mean?" in text(answer(client, "start_council", council="Twinham"))


def test_the_council_page_takes_as_many_queries_for_fifty_councils_as_for_five(client, call, django_assert_num_queries):
    lead(client)
    CouncilFactory.create_batch(5)
    with django_assert_num_queries(3):
        client.get(url("start_council"))
    CouncilFactory.create_batch(45)
    with django_assert_num_queries(3):
        client.get(url("start_council"))


def test_each_question_is_the_one_heading_of_its_page(client, call, oxford):
    apply(client, oxford)
    for name in ("start", "start_council", "start_initiative", "start_people"):
        assert text(client.get(url(name))).count("<h1") == 1


def test_a_misspelt_name_is_told_from_one_that_several_councils_bear(client, call, oxford):
    for code in ("AAA", "BBB"):
        CouncilFactory(code=code, name="Twinham")
    lead(client)
    assert "No council is called “Oxfrod”" in text(answer(client, "start_council", council="Oxfrod"))
    assert "More than one council is called “Twinham”" in text(answer(client, "start_council", council="Twinham"))

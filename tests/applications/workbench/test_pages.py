"""The workbench in the office: every state has an address, nothing ends in an error, and nobody sees a part of the field."""

import re

import pytest

from applications.models import Decision, Scenario
from applications.selection import programmes
from applications.services.workbench.rules import Rules
from applications.services.workbench.scenarios import begin
from tests.applications.scores.pages import words
from tests.applications.workbench.conftest import NORTH, candidates
from tests.factories import CallFactory, StaffFactory
from tests.factories.judging import ConflictFactory, DecisionFactory, ReleaseFactory, ShortlistedFactory

BASE = "/admin/applications/scenario/"


def address(scenario, page="change"):
    return f"{BASE}{scenario.pk}/{page}/"


def page(client, url, status=200):
    response = client.get(url)
    assert response.status_code == status
    return words(response.content.decode())


def asked(scenario, **fields):
    """Return what the form of a scenario sends, with some fields changed."""
    locks = {f"drop_{lock.application}": "" for lock in Rules.read(scenario.rules).locks}
    return {"places": scenario.places, "reserves": 1, "basis": scenario.basis} | locks | fields


def press(client, scenario, **fields):
    """Return the scenario that the form led to, or the page with what is wrong."""
    response = client.post(address(scenario), asked(scenario, **fields))
    if response.status_code == 302:
        return Scenario.objects.get(pk=int(re.search(r"/(\d+)/change", response["Location"])[1]))
    assert response.status_code == 200
    return words(response.content.decode())


def low(client, scenario, group):
    """Return the name of the field with a group's lower bound."""
    html = client.get(address(scenario)).content.decode()
    return re.search(rf'<label[^>]+for="id_(low_\d+)">[^<]*{group}, at least', html)[1]


def test_from_start_to_adopted(office, call, field):
    assert "6 candidates for 3 places" in page(office, f"{BASE}workbench/?call={call.pk}")
    response = office.post(f"{BASE}workbench/?call={call.pk}")
    first = Scenario.objects.get()
    assert response["Location"] == address(first)
    text = page(office, address(first))
    assert "3 chosen for 3 places" in text
    assert "To include it you give up" in text
    second = press(office, first, **{low(office, first, "South West"): "2"})
    text = page(office, address(second))
    assert "Nation or region: South West, at least 2" in text
    assert "points is the price of spread" in text
    office.post(address(second, "save"), {"name": "Two from the south", "note": "For the panel"})
    assert "Two from the south" in page(office, BASE)
    assert "Hold 6 decisions" in page(office, address(second, "adopt"))
    assert office.post(address(second, "adopt")).status_code == 302
    assert Decision.objects.filter(scenario=second).count() == 6
    assert "Adopted by Alex Moreno" in page(office, address(second))


def test_an_override_needs_its_side_and_its_reason_and_can_be_taken_away(office, scenario, field):
    text = press(office, scenario, lock=field[5].pk)
    assert "Select whether to give it a place" in text
    assert "Enter the reason: it is kept with the decision" in text
    assert "Select the expression of interest that your reason is about" in press(office, scenario, reason="Rural")
    locked = press(office, scenario, lock=field[5].pk, side="in", reason="The only rural one")
    assert "Framley: kept in. The only rural one" in page(office, address(locked))
    free = press(office, locked, **{f"drop_{field[5].pk}": "on"})
    assert Rules.read(free.rules).locks == ()


def test_what_nobody_scored_and_what_overrides_leave_is_said(office, call, field, staff):
    unscored = ShortlistedFactory(call=call, reference="W-999")
    fresh = begin(call=call, by=staff)
    assert "No score counts for W-999, so it stays out unless you keep it in." in page(office, address(fresh))
    locked = press(office, fresh, places=1, lock=unscored.pk, side="in", reason="We know it")
    text = page(office, address(locked))
    assert "No score counts" not in text
    assert text.count("Overrides take every place.") == len(field)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"places": ""}, "Enter a number: places"),
        ({"places": "many"}, "Places must be a whole number from 0 to 1000"),
        ({"places": "-1"}, "Places must be a whole number from 0 to 1000"),
        ({"places": "99999999999999999999"}, "Places must be a whole number from 0 to 1000"),
        ({"places": "2.5"}, "Places must be a whole number"),
        ({"places": "\x00"}, "Places must be a whole number"),
        ({"reserves": "x"}, "Reserves must be a whole number"),
        ({"basis": "mine"}, "Select which score counts"),
        ({"low_0": "3", "high_0": "1"}, "3 is more than 1"),
        ({"low_0": "²"}, "at least must be a whole number"),
        ({"lock": "999999", "side": "in", "reason": "x"}, "Select one of the candidates"),
        ({"lock": "x", "side": "sideways", "reason": "a\x00b"}, "Select whether to give it a place"),
    ],
)
def test_hostile_rules_get_a_sentence_and_keep_what_was_typed(office, scenario, fields, message):
    assert message in press(office, scenario, **fields)
    assert Scenario.objects.count() == 1


def test_wrecked_rules_get_a_sentence(office, scenario, field):
    assert "There are no places, so nobody is chosen" in page(office, address(press(office, scenario, places=0, reserves=0)))
    assert "left empty" in page(office, address(press(office, scenario, places=20)))
    impossible = press(office, scenario, **{low(office, scenario, "South West"): "3", low(office, scenario, "North East"): "1"})
    text = page(office, address(impossible))
    assert "Not every rule can be met" in text
    assert "1 too few" in text
    locked = scenario
    for application in field:
        locked = press(office, locked, lock=application.pk, side="out", reason="None")
    assert "the scores decide nothing" in page(office, address(locked))
    kept = press(office, scenario, lock=field[0].pk, side="in", reason="Yes")
    assert "enter at least 1 place" in press(office, kept, places=0)


def test_run_again_says_that_it_is_the_same_and_notices_when_it_is_not(office, scenario):
    again = office.post(address(scenario, "again"), follow=True).content.decode()
    assert "and every figure the same" in again
    scenario.refresh_from_db()
    scenario.inputs["candidates"][0]["raw"] = scenario.inputs["candidates"][0]["adjusted"] = 1.5
    scenario.save()
    assert "this came out differently" in office.post(address(scenario, "again"), follow=True).content.decode()


def test_changed_scores_are_said_and_a_new_one_can_be_started(office, scenario, field):
    assert "have changed since" not in page(office, address(scenario))
    type(field[0]).objects.filter(pk=field[0].pk).update(focus_areas=["Other"])
    assert "have changed since" in page(office, address(scenario))
    assert "have changed since" in office.get(address(scenario, "adopt"), follow=True).content.decode()
    response = office.post(address(scenario, "renew"), follow=True)
    assert "new scenario from the present scores" in response.content.decode()


def test_two_scenarios_side_by_side(office, scenario):
    other = press(office, scenario, **{low(office, scenario, "South West"): "2"})
    text = page(office, f"{BASE}compare/?with={scenario.pk}&with={other.pk}")
    assert "Who differs" in text
    assert re.search(r"Barset (Place|No place|Reserve 1)", text)
    assert "Select two or three scenarios" in page(office, f"{BASE}compare/?with={scenario.pk}")
    assert "Select two or three scenarios" in page(office, f"{BASE}compare/?with=x&with=99999999999999999999999")


def test_decisions_by_hand_have_to_be_ticked(office, scenario, field):
    DecisionFactory(application=field[0], stage="selection", outcome="not_selected", reason="I know better")
    assert "I know better" in page(office, address(scenario, "adopt"))
    assert "would be lost" in words(office.post(address(scenario, "adopt")).content.decode())
    assert office.post(address(scenario, "adopt"), {"overwrite": [field[0].pk, "x", "9" * 30]}).status_code == 302
    assert not Decision.objects.filter(outcome="not_selected", application=field[0]).exists()


def test_a_release_that_waits_is_said_instead_of_asking(office, scenario, call):
    ReleaseFactory(call=call)
    assert "waits for a second person" in office.get(address(scenario, "adopt"), follow=True).content.decode()


def test_a_conflict_of_interest_closes_the_workbench(office, staff, scenario, call, field):
    ConflictFactory(user=staff, application=field[0])
    assert "you cannot take part in this selection" in page(office, f"{BASE}workbench/?call={call.pk}")
    for name in ("change", "adopt", "save"):
        page(office, address(scenario, name), status=404)
    for name in ("again", "renew", "change", "adopt"):
        assert office.post(address(scenario, name)).status_code == 404
    office.post(f"{BASE}workbench/?call={call.pk}")
    assert Scenario.objects.count() == 1


def test_without_a_call_or_candidates_there_is_a_sentence(office):
    assert "No call has opened yet" in page(office, f"{BASE}workbench/")
    call = CallFactory()
    assert "Candidates appear here once the shortlist is released" in page(office, f"{BASE}workbench/?call={call.pk}")
    assert office.post(f"{BASE}workbench/?call={call.pk}").status_code == 200


def test_the_workbench_opens_at_the_last_call_that_has_a_shortlist(office, call, field):
    later = CallFactory()
    assert later.opens_at >= call.opens_at
    assert "6 candidates for 3 places" in page(office, f"{BASE}workbench/")
    assert "Candidates appear here" in page(office, f"{BASE}workbench/?call={later.pk}")


def test_adopting_needs_the_permission_to_decide(client, scenario, staff):
    from django.contrib.auth.models import Permission

    viewer = StaffFactory()
    viewer.groups.clear()
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_scenario", "view_application", "view_review"]))
    client.force_login(viewer)
    assert client.get(address(scenario, "adopt")).status_code == 403
    assert client.post(address(scenario, "adopt")).status_code == 403
    assert "Adopt</a>" not in client.get(address(scenario)).content.decode()


@pytest.mark.parametrize("name", ["change", "adopt"])
def test_the_pages_ask_as_many_queries_for_fifty_candidates_as_for_five(office, call, members, staff, django_assert_num_queries, name):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from applications.services.workbench.scenarios import begin, renew

    candidates(call, members, 5)
    few = begin(call=call, by=staff)
    office.get(address(few, name))
    with CaptureQueriesContext(connection) as queries:
        page(office, address(few, name))
    for place in range(5, 50):
        add(call, members, place)
    many = renew(scenario=few, by=staff)
    with django_assert_num_queries(len(queries)):
        page(office, address(many, name))


def add(call, members, place):
    from tests.factories import CouncilFactory
    from tests.factories.judging import ShortlistedFactory, reviewed

    application = ShortlistedFactory(call=call, council=CouncilFactory(region=NORTH), reference=f"W-{place:03}")
    for turn, member in enumerate(members):
        reviewed(application, member, (place + turn) % 6, (place + turn) % 6)


def test_rules_that_are_too_hard_to_work_out_get_a_sentence_and_are_kept_on_the_page(office, scenario, monkeypatch):
    monkeypatch.setattr(programmes, "MOST_NODES", 0)
    name = low(office, scenario, "South West")
    text = press(office, scenario, **{name: "2"})
    assert "it would take too long to find the best selection" in text
    response = office.post(address(scenario), asked(scenario, **{name: "2"}))
    assert re.search(rf'name="{name}" value="2"', response.content.decode())
    assert "too long to find" in words(office.post(address(scenario, "renew"), follow=True).content.decode())
    assert Scenario.objects.count() == 1


def test_a_first_scenario_that_is_too_hard_to_work_out_gets_a_sentence(office, call, field, monkeypatch):
    monkeypatch.setattr(programmes, "MOST_NODES", 0)
    assert "too long to find" in words(office.post(f"{BASE}workbench/?call={call.pk}").content.decode())
    assert not Scenario.objects.exists()

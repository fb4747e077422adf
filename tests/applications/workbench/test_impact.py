"""Outcomes by group, overrides with their price, and the spread beside applicants and all councils."""

import pytest

from applications.models import Application, CriterionScore, Decision, Review, Scenario
from applications.services.workbench.adopting import adopt
from applications.services.workbench.impact import adopted, overrides, selected
from applications.services.workbench.rules import Lock, Rules
from applications.services.workbench.scenarios import change
from applications.services.workbench.spread import Baselines, baselines, distribution, rates
from applications.states import ApplicationStatus, ScoreBasis
from tests.applications.scores.pages import words
from tests.factories import CouncilFactory, CriterionFactory
from tests.factories.judging import SubmittedFactory


@pytest.fixture
def locked(scenario, field, staff):
    rules = Rules(locks=(Lock(field[4].pk, is_in=True, reason="Rural"),), reserves=1)
    return change(scenario=scenario, places=3, basis=ScoreBasis.RAW, rules=rules, by=staff)


def of(dimension, lines):
    return {line.name: line for line in dict(lines)[dimension]}


def test_the_chosen_stand_beside_all_applicants_and_all_councils(call, field):
    CouncilFactory.create_batch(2, region="wales", nation="wales")
    SubmittedFactory(call=call, council__region="wales", status=ApplicationStatus.NOT_SHORTLISTED)
    lines = of("Nation or region", distribution(baselines(call), [field[0].pk, field[1].pk, field[5].pk]))
    north, wales = lines["North East"], lines["Wales"]
    assert (north.chosen, north.chosen_percent, north.applied, north.councils) == (2, 67, 3, 3)
    assert (wales.chosen, wales.applied, wales.councils) == (0, 1, 3)
    assert of("Focus area", distribution(baselines(call), []))["Upstream"].councils is None


def test_rates_mark_a_group_that_lags_behind_and_is_large_enough():
    groups = {pk: [("region", "london" if pk < 10 else "wales" if pk < 20 else "scotland")] for pk in range(23)}
    found = Baselines({}, 0, groups, dict.fromkeys(groups, ApplicationStatus.SHORTLISTED))
    lines = of("Nation or region", rates(found, [*range(6), 10]))
    assert [(line.applied, line.selected, line.is_low) for line in lines.values()] == [(10, 6, False), (3, 0, False), (10, 1, True)]


def test_overrides_have_their_price_and_hand_made_changes_are_among_them(locked, call, field, staff):
    [lock] = overrides(locked)
    assert (lock.what, lock.reason, lock.price) == ("Kept in", "Rural", 40)
    assert adopted(call, staff) is None
    adopt(scenario_id=locked.pk, overwrite=set(), by=staff)
    locked.refresh_from_db()
    assert adopted(call, staff) == locked
    assert overrides(locked) == [lock]
    assert selected(call) == set(Decision.objects.filter(outcome="offered").values_list("application", flat=True))
    changed = Decision.objects.filter(application=field[0])
    changed.update(outcome=ApplicationStatus.NOT_SELECTED, reason="They asked", decided_at="2019-07-01T12:00Z")
    _, by_hand = overrides(locked)
    assert by_hand.what == "Offered a place in the scenario, not selected by hand"
    assert by_hand.price >= 0
    assert field[0].pk not in selected(call)


def test_what_counts_is_the_scenario_adopted_last_and_who_has_not_withdrawn(locked, scenario, call, field, staff):
    for each in (locked, scenario):
        adopt(scenario_id=each.pk, overwrite=set(), by=staff)
    Scenario.objects.filter(pk=scenario.pk).update(adopted_at="2019-07-01T12:00Z")  # as one transaction has one time
    assert adopted(call, staff) == locked
    gone = next(iter(selected(call)))
    Application.objects.filter(pk=gone).update(status=ApplicationStatus.WITHDRAWN)
    assert gone not in selected(call)
    assert len(selected(call)) == 2


def test_the_page_for_a_scenario_and_for_a_call(client, locked, call, field, staff):
    client.force_login(staff)
    third = CriterionFactory(call=call, weight=10)
    reviews = Review.objects.filter(assignment__application=field[0])
    CriterionScore.objects.bulk_create(
        CriterionScore(review=review, criterion=third, score=review.scores.first().score) for review in reviews
    )
    base = "/admin/applications/scenario/impact/"
    text = words(client.get(f"{base}?scenario={locked.pk}").content.decode())
    assert "3 of 6 applicants are selected" in text
    assert "kept in. Rural Price: 40.0 points" in text
    assert "gave W-000" in text
    assert "Nobody is selected yet" in client.get(f"{base}?call={call.pk}").content.decode()
    assert client.get(f"{base}?scenario=x").status_code == 404
    assert client.get(f"{base}?call=x").status_code == 404

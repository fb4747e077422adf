"""Promoting a reserve re-runs the spread: the page says what each does to it before anybody is promoted."""

import pytest
from django.urls import reverse
from django.utils import timezone

from applications.models import Application
from applications.selection import programmes
from applications.services.workbench.adopting import adopt
from applications.services.workbench.promotion import outlook
from applications.services.workbench.rules import Bound, Rules
from applications.services.workbench.scenarios import change
from applications.states import ApplicationStatus as S
from applications.states import ScoreBasis, Stage
from tests.applications.workbench.conftest import SOUTH
from tests.factories.judging import ConflictFactory, DecisionFactory, ReleaseFactory

MISSED = "Nation or region: South West, at least 2: 1 too few"


@pytest.fixture
def released(scenario, call, field, staff):
    """Ambridge, Dunwich and Framley were offered the places, as two had to be from the south; Dunwich declined. The rest are reserves."""
    spread = change(scenario=scenario, places=3, basis=ScoreBasis.RAW, rules=Rules((Bound("region", SOUTH, low=2),), reserves=3), by=staff)
    adopt(scenario_id=spread.pk, overwrite=set(), by=staff)
    for decision in list(spread.decisions.all()):
        Application.objects.filter(pk=decision.application_id).update(status=decision.outcome)
    release = ReleaseFactory(call=call, stage=Stage.SELECTION, respond_by=timezone.now())
    spread.decisions.update(release=release, released_at=timezone.now())
    Application.objects.filter(pk=field[3].pk).update(status=S.DECLINED)
    return spread


def test_the_best_reserve_by_the_rules_is_not_the_one_with_the_best_score(released, call, field, staff):
    found = outlook(call, staff)
    assert (found.stay, found.left, found.missed) == ({field[0].pk, field[5].pk}, {field[3].pk}, [MISSED])
    barset, casterbridge, erewhon = found.effects
    assert (barset.value, barset.missed, barset.is_proposed) == (70, [MISSED], False)
    assert (casterbridge.value, casterbridge.missed, casterbridge.is_proposed) == (50, [MISSED], False)
    assert (erewhon.value, erewhon.missed, erewhon.is_proposed) == (10, [], True)


def test_whoever_was_told_no_is_not_proposed(released, call, field, staff):
    Application.objects.filter(pk=field[4].pk).update(status=S.NOT_SELECTED)
    found = outlook(call, staff)
    assert [(effect.candidate.application, effect.is_proposed) for effect in found.effects] == [(field[1].pk, True), (field[2].pk, False)]


def test_a_held_promotion_counts_as_a_place_taken(released, call, field, staff):
    DecisionFactory(application=field[4], stage=Stage.SELECTION, outcome=S.OFFERED)
    found = outlook(call, staff)
    assert (field[4].pk in found.stay, found.missed) == (True, [])
    assert not any(effect.is_proposed for effect in found.effects)


def test_there_is_none_before_a_scenario_is_adopted(scenario, call, staff):
    assert outlook(call, staff) is None


def test_there_is_none_for_whoever_has_a_conflict_with_a_candidate(released, call, field, staff):
    ConflictFactory(user=staff, application=field[0])
    assert outlook(call, staff) is None


def test_rules_that_are_too_hard_to_work_out_propose_nobody(released, call, staff, monkeypatch):
    monkeypatch.setattr(programmes, "MOST_NODES", 0)
    assert [(effect.missed, effect.is_proposed) for effect in outlook(call, staff).effects] == [([MISSED], False)] * 2 + [([], False)]


def test_the_page_says_what_the_promotion_does_to_the_spread(released, call, field, staff, client):
    client.force_login(staff)
    page = client.get(reverse("admin:applications_decision_promote", args=[field[1].pk])).content.decode()
    assert "With Barset the selection misses:" in page
    assert MISSED in page
    assert "Best by the rules" in page
    assert "Gone since: Dunwich." in page
    other = client.get(reverse("admin:applications_decision_promote", args=[field[4].pk])).content.decode()
    assert "The selection meets every rule with Erewhon in it." in other

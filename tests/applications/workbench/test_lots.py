"""A draw by lot is committed to before anybody can know what it gives, and can be checked once it is revealed."""

import hashlib
import re

import pytest
from django.urls import reverse

from applications.models import Lottery
from applications.services.workbench.adopting import adopt
from applications.services.workbench.calculation import Result
from applications.services.workbench.lots import TOO_LATE, commit_to_lots
from applications.services.workbench.rules import Rules
from applications.services.workbench.scenarios import begin, change, repeated
from tests.factories.judging import ConflictFactory
from upstream.audit.models import Entry
from upstream.transitions import InvalidTransition

BENCH = reverse("admin:applications_scenario_workbench")
LOTS = reverse("admin:applications_scenario_lots")


def pages(office, scenario):
    addresses = (f"{BENCH}?call={scenario.call_id}", reverse("admin:applications_scenario_change", args=[scenario.pk]))
    return "".join(office.get(address).text for address in addresses)


def test_the_seed_is_secret_until_a_scenario_is_adopted_and_then_fits_its_code(office, call, field, staff):
    office.post(f"{LOTS}?call={call.pk}")
    lottery = Lottery.objects.get()
    assert lottery.applications == [application.pk for application in field]
    scenario = begin(call=call, by=staff)
    assert scenario.seed == lottery.seed
    before = pages(office, scenario)
    assert lottery.commitment in before
    assert lottery.seed not in before
    assert lottery.seed not in office.post(reverse("admin:applications_scenario_again", args=[scenario.pk]), follow=True).text
    adopt(scenario_id=scenario.pk, overwrite=set(), by=staff)
    after = pages(office, scenario)
    text = re.search(r"<pre[^>]*>(.*?)</pre>", after, re.DOTALL)[1]
    assert hashlib.sha256(text.encode()).hexdigest() == lottery.commitment
    assert text.splitlines()[0] == lottery.seed
    assert list(Entry.objects.about(lottery).values_list("verb", flat=True)) == ["lottery.committed", "lottery.revealed"]


def test_a_scenario_by_lot_reproduces(call, field, staff):
    commit_to_lots(call_id=call.pk, by=staff)
    first = begin(call=call, by=staff)
    second = change(scenario=first, places=2, basis=first.basis, rules=Rules(reserves=2), by=staff)
    second.refresh_from_db()
    assert repeated(second) == Result.read(second.result)


def test_a_second_press_draws_nothing_new(call, field, staff):
    assert commit_to_lots(call_id=call.pk, by=staff) == commit_to_lots(call_id=call.pk, by=staff)


def test_nobody_commits_once_a_scenario_exists(office, call, scenario, staff):
    with pytest.raises(InvalidTransition, match=TOO_LATE):
        commit_to_lots(call_id=call.pk, by=staff)
    assert TOO_LATE in office.post(f"{LOTS}?call={call.pk}", follow=True).text
    assert "Commit to a draw" not in office.get(f"{BENCH}?call={call.pk}").text
    assert not Lottery.objects.exists()


def test_whoever_has_a_conflict_neither_commits_nor_sees_the_draw(office, call, field, staff):
    ConflictFactory(user=staff, application=field[0])
    office.post(f"{LOTS}?call={call.pk}")
    assert not Lottery.objects.exists()
    Lottery.objects.create(call=call, seed="1", applications=[], commitment="0" * 64, committed_by=staff)
    assert not Lottery.objects.visible_to(staff).exists()

"""The selection workbench in a real browser: every page and state with axe and at 320 pixels, by keyboard, and without JavaScript."""

import random

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from applications.models import Decision, Scenario
from applications.services.workbench.rules import Bound, Lock, Rules
from applications.services.workbench.scenarios import begin, change, save_with_name
from cohort.models import PoliticalControl
from cohort.states import Control, CouncilKind, Region
from tests.factories import CallFactory, CohortFactory, CouncilFactory, CriterionFactory, StaffFactory
from tests.factories.judging import DecisionFactory, PanelFactory, PanelMemberFactory, ShortlistedFactory, reviewed

BASE = "/admin/applications/scenario/"
SEED = 20190715
NAMES = [
    "Ambridge",
    "Barset",
    "Casterbridge",
    "Dunwich",
    "Erewhon",
    "Framley",
    "Gormenghast",
    "Hogglestock",
    "Innsmouth",
    "Jalna",
    "Knype",
    "Loamshire",
    "Melchester",
    "Northbridge",
    "Ottery",
    "Plumstead",
    "Quatermass",
    "Radclyffe",
    "Sandbourne",
    "Tilling",
    "Undern",
    "Vespertine",
    "Wessex",
    "Yarrow",
]


@pytest.fixture
def staff(transactional_db, roles):
    return StaffFactory(full_name="Alex Moreno")


@pytest.fixture
def call(staff):
    """Twenty-four candidates for ten places, in every region, that a panel of four has scored."""
    dice = random.Random(SEED)
    closed = timezone.now() - timezone.timedelta(days=20)
    call = CallFactory(
        cohort=CohortFactory(places=10),
        title="Upstream Collaborative, first round",
        closes_at=closed,
        opens_at=closed - timezone.timedelta(days=42),
    )
    for position, (name, weight) in enumerate((("Fit", 40), ("Evidence", 30), ("Commitment", 30))):
        CriterionFactory(call=call, name=name, weight=weight, position=position)
    members = PanelMemberFactory.create_batch(4, panel=PanelFactory(call=call, reviews_per_application=3))
    regions, controls = list(Region), [Control.LABOUR, Control.CONSERVATIVE, Control.LIBERAL_DEMOCRAT, Control.NO_OVERALL_CONTROL]
    for place, name in enumerate(NAMES):
        kind = dice.choice([CouncilKind.UNITARY, CouncilKind.DISTRICT, CouncilKind.COUNTY, CouncilKind.METROPOLITAN])
        region = regions[place % 12] if place % 2 else dice.choice([Region.LONDON, Region.SOUTH_EAST])
        council = CouncilFactory(name=name, official_name=f"{name} Borough Council", region=region, kind=kind)
        PoliticalControl.objects.create(council=council, since="2019-05-02", control=dice.choice(controls))
        areas = dice.sample(["Shifting power to communities", "Working with the whole system", "Prevention", "New forms of care"], 2)
        application = ShortlistedFactory(call=call, council=council, reference=f"UC1-{place + 1:03}", focus_areas=areas)
        quality = dice.gauss(3.2, 0.9)
        for member in dice.sample(members, 3):
            reviewed(application, member, *(min(5, max(0, round(quality + dice.gauss(0, 0.6)))) for _ in range(3)))
    return call


@pytest.fixture
def spread(call, staff):
    """Bounds that bind, one of which cannot be met, and two overrides."""
    first = begin(call=call, by=staff)
    last = first.inputs["candidates"][-1]["application"]
    bounds = (
        Bound("region", Region.SCOTLAND, low=1),
        Bound("region", Region.LONDON, high=2),
        Bound("region", Region.WALES, low=1),
        Bound("kind", CouncilKind.DISTRICT, low=3, high=4),
        Bound("control", Control.LABOUR, high=3),
        Bound("region", Region.NORTH_EAST, low=3),
    )
    locks = (Lock(last, is_in=True, reason="The only council that works with a whole valley."),)
    scenario = change(scenario=first, places=10, basis=first.basis, rules=Rules(bounds, locks, 3), by=staff)
    save_with_name(scenario_id=first.pk, name="Scores alone", note="", by=staff)
    save_with_name(scenario_id=scenario.pk, name="Spread over the country", note="For the panel.", by=staff)
    return scenario


def test_every_page_and_state(visit, review, call, spread, staff):
    first = Scenario.objects.get(name="Scores alone")
    page = visit(f"{BASE}workbench/?call={call.pk}", staff, viewport={"width": 1280, "height": 900})
    at = f"{BASE}{spread.pk}"
    review(page, None, f"{at}/change/", BASE, f"{at}/save/", f"{BASE}compare/?with={first.pk}&with={spread.pk}", f"{BASE}compare/")
    review(page, f"{BASE}impact/?scenario={spread.pk}", f"{BASE}impact/?call={call.pk}", f"{BASE}{first.pk}/change/")
    application = call.applications.first()
    DecisionFactory(application=application, stage="selection", outcome="reserve", reason="Decided on the telephone.", decided_by=staff)
    review(page, f"{at}/adopt/")
    page.goto(f"{at}/change/")
    page.get_by_label("Places", exact=True).fill("many")
    page.get_by_role("button", name="Work out the selection").click()
    page.get_by_role("link", name="Places must be a whole number from 0 to 1000").click()
    expect(page.get_by_label("Places", exact=True)).to_be_focused()
    review(page)
    call.applications.update(focus_areas=["Other"])
    review(page, f"{at}/change/")


def test_an_override_by_keyboard_and_then_adopting(visit, spread, staff):
    page = visit(f"{BASE}{spread.pk}/change/", staff)
    tab_to_far(page, page.get_by_label("Expression of interest"))
    page.keyboard.press("ArrowDown")
    tab_to_far(page, page.get_by_label("Give it a place"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[name=side]:checked")).to_have_count(1)
    tab_to_far(page, page.get_by_label("Reason, for the record"))
    page.keyboard.type("It joined another programme.")
    tab_to_far(page, page.get_by_role("button", name="Work out the selection"))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("It joined another programme.").first).to_be_visible()
    tab_to_far(page, page.get_by_role("link", name="Adopt"))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Hold 24 decisions").press("Enter")
    expect(page.get_by_text("The decisions are held")).to_be_visible()
    assert Decision.objects.held().count() == 24


def tab_to_far(page, target):
    """Tab on, further than `tab_to` goes: the table of candidates holds many links."""
    for _ in range(200):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not reach {target}")


def test_it_works_without_javascript(visit, call, staff):
    page = visit(f"{BASE}workbench/?call={call.pk}", staff, java_script_enabled=False)
    page.get_by_role("button", name="Start a scenario from the present scores").click()
    page.get_by_text("By nation or region", exact=True).first.click()
    page.get_by_label("Nation or region: Scotland, at least").fill("1")
    page.get_by_role("button", name="Work out the selection").click()
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_text("and every figure the same")).to_be_visible()
    assert Scenario.objects.count() == 2

"""Signing an agreement and naming people, by keyboard and without JavaScript, and every page of offers by axe."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django.utils.timezone import localdate
from playwright.sync_api import expect

from applications.models import Letter, Offer
from applications.services.decisions import decide
from applications.services.releases import prepare_release, read_outcomes, release_decisions
from applications.states import ApplicationStatus
from cohort.models import Membership
from tests.browser.conftest import press, tick, type_in
from tests.browser.test_interviews import WAYS
from tests.factories import StaffFactory
from tests.factories.judging import ShortlistedFactory, scored_call
from upstream.deadlines import add_working_days

AGREEMENT = "## What your council does\n\nIt sends two senior people to both residentials and shares what it learns.\n\n- Openly\n- In time"


@pytest.fixture
def staff(roles):
    return StaffFactory(full_name="Alex Reed"), StaffFactory(full_name="Jo Webb")


@pytest.fixture
def eois(contact, officer, staff, settings, tmp_path):
    """Return one EoI of the officer's council to be offered a place, a reserve and one that is not selected; all held."""
    settings.MEDIA_ROOT = tmp_path
    call = scored_call(agreement=AGREEMENT, closes_at=timezone.now() - timedelta(days=20), opens_at=timezone.now() - timedelta(days=60))
    title = "Streets that look after themselves"
    made = [
        ShortlistedFactory(call=call, council=contact.council, created_by=officer, initiative_title=title),
        *ShortlistedFactory.create_batch(2, call=call, initiative_title=title),
    ]
    outcomes = (ApplicationStatus.OFFERED, ApplicationStatus.RESERVE, ApplicationStatus.NOT_SELECTED)
    for eoi, outcome in zip(made, outcomes, strict=True):
        rank = 1 if outcome == ApplicationStatus.RESERVE else None
        decide(application_id=eoi.pk, outcome=outcome, reason="Agreed by the panel.", feedback="", seen="", by=staff[0], reserve_rank=rank)
    return made


@pytest.fixture
def release(eois, staff):
    prepared = prepare_release(call_id=eois[0].call_id, by=staff[0], respond_on=add_working_days(localdate(), 5, "england"))
    Letter.objects.update(sha256="0" * 64)
    return read_outcomes(release_id=prepared.pk, by=staff[0])


@pytest.fixture
def offered(release, eois, staff):
    release_decisions(release_id=release.pk, by=staff[1])
    return eois[0]


@pytest.mark.parametrize("way", WAYS)
def test_a_council_signs_and_names_its_people(visit, offered, officer, way):
    page = visit("/", officer, **WAYS[way])
    press(page, "link", "Answer the offer")
    type_in(page, "Your full name", "Sam Okafor")
    type_in(page, "Your role at the council", "Director of Communities")
    press(page, "button", "Sign and accept the place")
    expect(page.get_by_role("alert")).to_contain_text("Tick the box")
    tick(page, "I have read the member agreement and may sign it for my council")
    press(page, "button", "Sign and accept the place")
    expect(page.locator("main")).to_contain_text("Your council has a place")
    press(page, "link", "Your membership and the people who take part")
    type_in(page, "Their work email address", "ana@partner.example")
    press(page, "button", "Name this person")
    expect(page.locator("main")).to_contain_text("Asked to confirm")
    assert Offer.objects.get().signed_role == "Director of Communities"
    assert Membership.objects.get().delegates.count() == 1


def test_the_councils_pages_are_sound(visit, offered, officer, review):
    eoi = f"/eoi/{offered.reference}/"
    page = visit(eoi, officer)
    review(page, "/", eoi, f"{eoi}offer/", f"{eoi}offer/decline/")
    shots(page, "council", "/", eoi, f"{eoi}offer/", f"{eoi}offer/decline/")
    page.goto(page.url.split("/eoi")[0] + f"{eoi}offer/")
    page.get_by_role("button", name="Sign and accept the place").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    review(page)
    page.get_by_label("Your full name").fill("Sam Okafor")
    page.get_by_label("Your role at the council").fill("Director")
    page.get_by_label("I have read").check()
    page.get_by_role("button", name="Sign and accept the place").click()
    expect(page.locator("main")).to_contain_text("Your council has a place")
    member = f"/councils/members/{Membership.objects.get().pk}/"
    review(page, eoi, f"{eoi}offer/", member)
    shots(page, "member", eoi, member)


def test_the_offices_pages_are_sound(visit, release, eois, staff, review):
    office = "/admin/applications/"
    page = visit(f"{office}decision/", staff[1])
    pages = [f"{office}decision/", f"{office}decision/decide/{eois[2].pk}/", f"{office}release/{release.pk}/change/"]
    pages += [f"{office}release/{release.pk}/release/"]
    review(page, *pages)
    shots(page, "office", *pages)
    release_decisions(release_id=release.pk, by=staff[1])
    pages = [f"{office}offer/", f"{office}offer/{Offer.objects.get().pk}/change/", f"{office}decision/promote/{eois[1].pk}/"]
    pages += ["/admin/cohort/membership/", "/admin/cohort/delegate/"]
    review(page, *pages)
    shots(page, "office2", *pages)


def shots(page, name, *addresses):
    """Keep a picture of each page at two widths, where SHOTS says where to."""
    if not (folder := os.environ.get("SHOTS")):
        return
    base = page.url.split("/", 3)[:3]
    for number, address in enumerate(addresses):
        page.goto("/".join(base) + address)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(folder) / f"{name}-{number}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 720})

"""A hundred councils that accept the twentieth place at once."""

import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.db.models import F
from django.utils import timezone

from applications.models import Offer
from applications.services.offers import Signature, accept_offer, text_hash
from applications.states import ApplicationStatus, Stage
from cohort.models import Cohort, Membership
from cohort.services import members
from cohort.services.members import NoPlaceLeft, name_delegate
from tests.factories import CallFactory, CohortFactory, ContactFactory
from tests.factories.judging import DecisionFactory, ReleaseFactory, ShortlistedFactory
from tests.races.conftest import at_once
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
RACERS = 100
# The server's connections are limited, so each line takes several councils.
LINES = 25
PLACES = 20


@pytest.fixture
def offers(transactional_db):
    """Return a hundred open offers in a cohort with one place left: more than any release would make."""
    call_command("sync_roles")
    cohort = CohortFactory(places=PLACES)
    Cohort.objects.update(places_taken=PLACES - 1)
    call = CallFactory(cohort=cohort)
    respond_by = timezone.now() + timedelta(days=7)
    release = ReleaseFactory(call=call, stage=Stage.SELECTION, respond_by=respond_by)
    made = []
    for eoi in ShortlistedFactory.create_batch(RACERS, call=call, status=ApplicationStatus.OFFERED):
        ContactFactory(council=eoi.council, user=eoi.created_by)
        decision = DecisionFactory(
            application=eoi, stage=Stage.SELECTION, outcome=ApplicationStatus.OFFERED, release=release, released_at=timezone.now()
        )
        offer = Offer(application=eoi, decision=decision, respond_by=respond_by, agreement="Two people take part.", agreement_version="1")
        offer.agreement_sha256 = text_hash(offer)
        offer.save()
        made.append(offer)
    return made


def press(offer):
    signature = Signature("Sam Okafor", "Director", "192.0.2.7", offer.agreement_sha256)
    return lambda: accept_offer(application_id=offer.application_id, signature=signature, by=offer.application.created_by)


def outcome(offer):
    """Return what came of pressing: the offer, or the exception."""
    try:
        return press(offer)()
    except (NoPlaceLeft, IntegrityError) as refusal:
        return refusal


def race(offers):
    """Return how many accepted, and what the others were told."""
    shares = [offers[number::LINES] for number in range(LINES)]
    found = at_once([lambda share=share: [outcome(offer) for offer in share] for share in shares])
    results = [result for share in found for result in share]
    return sum(isinstance(result, Offer) for result in results), [result for result in results if not isinstance(result, Offer)]


def test_exactly_one_of_a_hundred_takes_the_twentieth_place(offers):
    accepted, refusals = race(offers)
    print(f"\n{RACERS} councils raced for the place: {accepted} took it, {len(refusals)} were told that it is taken")
    assert accepted == 1
    assert all(isinstance(refusal, NoPlaceLeft) and "Every place" in str(refusal) for refusal in refusals), refusals
    assert (Cohort.objects.get().places_taken, Membership.objects.count()) == (PLACES, 1)
    assert Offer.objects.filter(accepted_at__isnull=False).count() == 1
    assert Entry.objects.filter(verb="offer.accepted").count() == 1
    assert OutboundEmail.objects.filter(kind="offer-accepted").count() == 1


def look_and_then_write(cohort):
    """Count a place as somebody would who trusted what they had read."""
    taken = Cohort.objects.get(pk=cohort.pk).places_taken
    if taken >= Cohort.objects.get(pk=cohort.pk).places:
        return False
    time.sleep(0.1)
    Cohort.objects.filter(pk=cohort.pk).update(places_taken=taken + 1)
    return True


def test_without_the_conditional_update_and_the_check_the_place_is_taken_many_times(offers, monkeypatch):
    monkeypatch.setattr(members, "take_place", look_and_then_write)
    accepted, _ = race(offers)
    print(f"\nreading first and writing after: {accepted} of {RACERS} took one place")
    assert accepted > 1


def count_without_a_condition(cohort):
    return Cohort.objects.filter(pk=cohort.pk).update(places_taken=F("places_taken") + 1)


def test_the_check_is_the_last_wall(offers, monkeypatch):
    """Without the condition the database itself refuses the twenty-first member; without the check it would not."""
    monkeypatch.setattr(
        members, "take_place", lambda cohort: Cohort.objects.filter(pk=cohort.pk).update(places_taken=members.F("places_taken") + 1)
    )
    accepted, refusals = race(offers[:10])
    assert accepted == 1
    assert all(isinstance(refusal, IntegrityError) for refusal in refusals)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cohort_cohort DROP CONSTRAINT never_more_members_than_places")
    try:
        accepted, _ = race(offers[10:20])
        print(f"\nwith neither condition nor check: {accepted} of 10 took a place that was gone")
        assert accepted == 10
    finally:
        Cohort.objects.update(places_taken=0)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE cohort_cohort ADD CONSTRAINT never_more_members_than_places CHECK (places_taken <= places)")


def test_one_offer_accepted_many_times_at_once_is_one_membership(offers):
    results = at_once([press(offers[0])] * LINES)
    assert all(isinstance(result, Offer) for result in results)
    assert (Membership.objects.count(), Cohort.objects.get().places_taken) == (1, PLACES)
    assert Entry.objects.filter(verb="offer.accepted").count() == 1


def test_many_people_named_at_once_fill_two_seats(offers):
    press(offers[0])()
    member, by = Membership.objects.get(), offers[0].application.created_by
    names = [f"person{number}@partner.example" for number in range(LINES)]
    results = at_once([lambda email=email: name_delegate(membership_id=member.pk, email=email, by=by) for email in names])
    named = [result for result in results if not isinstance(result, Exception)]
    assert sorted(delegate.seat for delegate in named) == [1, 2]
    assert all("named its 2 people" in str(result) for result in results if isinstance(result, Exception))

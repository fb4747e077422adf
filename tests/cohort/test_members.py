"""Members and the people whom they send."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from cohort.models import Cohort, Delegate, Membership
from cohort.services.contacts import NotPossible
from cohort.services.members import (
    NoPlaceLeft,
    admit_member,
    confirm_delegate,
    decline_delegate,
    name_delegate,
    replace_delegate,
)
from cohort.states import ContactRole, DelegateStatus, MembershipStatus
from tests.factories import CohortFactory, ContactFactory, CouncilFactory, UserFactory
from upstream.correspondence.models import OutboundEmail
from upstream.transitions import InvalidTransition

pytestmark = pytest.mark.django_db


@pytest.fixture
def submitter(db):
    return ContactFactory().user


@pytest.fixture
def member(submitter):
    return admit_member(cohort=CohortFactory(), council=submitter.council_contacts.get().council, by=submitter, title="Early help")


def name(member, email, by):
    return name_delegate(membership_id=member.pk, email=email, by=by)


def test_a_council_is_admitted_while_a_place_is_left(member, submitter):
    Cohort.objects.update(places=1)
    assert (Cohort.objects.get().places_taken, member.initiative_title) == (1, "Early help")
    with pytest.raises(NoPlaceLeft, match="Every place"):
        admit_member(cohort=member.cohort, council=CouncilFactory(), by=submitter)
    assert (Cohort.objects.get().places_taken, Membership.objects.count()) == (1, 1)


def test_two_people_are_named_and_confirm_by_themselves(member, submitter):
    first, second = (name(member, email, submitter) for email in ("ana@partner.example", "Bo@example.org"))
    assert [(each.seat, each.is_lead, each.status) for each in (first, second)] == [(1, True, "invited"), (2, False, "invited")]
    with pytest.raises(NotPossible, match="named its 2 people"):
        name(member, "cy@example.org", submitter)
    with pytest.raises(PermissionDenied):
        confirm_delegate(delegate_id=first.pk, by=second.user)
    confirm_delegate(delegate_id=first.pk, by=first.user)
    confirm_delegate(delegate_id=first.pk, by=first.user)
    assert Delegate.objects.get(pk=first.pk).status == DelegateStatus.CONFIRMED
    assert OutboundEmail.objects.filter(kind="delegate-named", recipient="ana@partner.example").count() == 1
    assert OutboundEmail.objects.filter(kind="delegate-answered", recipient=submitter.email).count() == 1


def test_who_declines_or_is_replaced_leaves_the_seat_and_stays_on_record(member, submitter):
    first = name(member, "ana@example.org", submitter)
    with pytest.raises(NotPossible, match="named for your council already"):
        name(member, "ana@example.org", submitter)
    second = replace_delegate(delegate_id=first.pk, email="bo@example.org", by=submitter)
    assert (second.seat, second.is_lead) == (1, True)
    with pytest.raises(InvalidTransition):
        replace_delegate(delegate_id=first.pk, email="cy@example.org", by=submitter)
    with pytest.raises(InvalidTransition):
        confirm_delegate(delegate_id=first.pk, by=first.user)
    decline_delegate(delegate_id=second.pk, by=second.user)
    assert name(member, "ana@example.org", submitter).seat == 1
    history = list(Delegate.objects.order_by("pk").values_list("status", flat=True))
    assert history == [DelegateStatus.REPLACED, DelegateStatus.DECLINED, DelegateStatus.INVITED]
    assert OutboundEmail.objects.filter(kind="delegate-replaced", recipient="ana@example.org").count() == 1


@pytest.mark.parametrize("who", ["editor", "stranger"])
def test_only_a_submitter_names(member, who):
    person = ContactFactory(council=member.council, role=ContactRole.EDITOR).user if who == "editor" else UserFactory()
    with pytest.raises(NotPossible):
        name(member, "ana@example.org", person)
    assert not Delegate.objects.exists()


def test_nobody_is_named_for_a_council_that_has_left(member, submitter):
    Membership.objects.update(status=MembershipStatus.ENDED)
    with pytest.raises(NotPossible, match="no longer a member"):
        name(member, "ana@example.org", submitter)


# The pages


def test_a_person_is_named_confirms_with_their_name_and_sees_the_members_home(client, member, submitter):
    client.force_login(submitter)
    home = reverse("cohort:member", args=[member.pk])
    assert "Enter an email address" in client.post(home, {"email": "x"}).content.decode()
    client.post(home, {"email": "ana@partner.example"})
    delegate = Delegate.objects.get()
    assert "ana@partner.example" in client.get(home).content.decode()
    client.force_login(delegate.user)
    assert "Confirm or decline" in client.get(reverse("home")).content.decode()
    page = reverse("cohort:delegate", args=[delegate.pk])
    assert "Enter your full name" in client.post(page, {"answer": "confirm"}).content.decode()
    assert client.post(page, {"answer": "maybe"}).status_code == 400
    shown = client.post(page, {"answer": "confirm", "full_name": "Ana Lim"}, follow=True).content.decode()
    assert "Ana Lim" in shown
    assert "Confirmed" in shown
    assert "Name a person" not in shown
    assert client.post(home, {"email": "bo@example.org"}).status_code == 403


def test_a_person_declines_and_another_is_named_for_the_seat(client, member, submitter):
    delegate = name(member, "ana@example.org", submitter)
    client.force_login(delegate.user)
    shown = client.post(reverse("cohort:delegate", args=[delegate.pk]), {"answer": "decline"}, follow=True).content.decode()
    assert "You declined at" in shown
    assert client.get(reverse("cohort:member", args=[member.pk])).status_code == 404
    other = name(member, "bo@example.org", submitter)
    client.force_login(submitter)
    page = reverse("cohort:replace", args=[other.pk])
    assert "has this place already" in client.post(page, {"email": "bo@example.org"}).content.decode()
    shown = client.post(page, {"email": "cy@example.org"}, follow=True).content.decode()
    assert "cy@example.org" in shown
    assert "replaced at" in shown


@pytest.mark.parametrize("page", ["member", "delegate", "replace"])
def test_a_membership_is_nobody_elses_to_see(client, member, submitter, page):
    delegate = name(member, "ana@example.org", submitter)
    client.force_login(ContactFactory().user)
    assert client.get(reverse(f"cohort:{page}", args=[(member if page == "member" else delegate).pk])).status_code == 404

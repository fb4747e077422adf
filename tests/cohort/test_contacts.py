"""Who may act for a council: the services."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from cohort.models import Council, CouncilContact
from cohort.policies import can_act_for, can_manage_people, can_submit_for
from cohort.services.contacts import (
    MOST_INVITATIONS,
    MOST_REQUESTS,
    NotPossible,
    accept_invitation,
    accept_request,
    change_role,
    decline_invitation,
    end_contact,
    invite_colleague,
    refuse_request,
    request_to_act,
)
from cohort.states import ContactRole, ContactStatus
from tests.factories import ContactFactory, CouncilFactory, StaffFactory, UserFactory
from upstream.accounts.models import User
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail
from upstream.transitions import InvalidTransition

pytestmark = pytest.mark.django_db


@pytest.fixture
def council() -> Council:
    council = CouncilFactory(name="Barset", official_name="Barset Council")
    council.domains.create(domain="barset.gov.uk")
    return council


def person(email: str, *, verified: bool = True) -> User:
    user = UserFactory(email=email)
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
    return user


def mail(kind: str) -> list[str]:
    return sorted(OutboundEmail.objects.filter(kind=kind).values_list("recipient", flat=True))


def verbs(contact: CouncilContact) -> list[str]:
    return list(Entry.objects.about(contact).values_list("verb", flat=True))


def test_the_first_work_address_on_the_councils_domain_is_a_submitter_at_once(council):
    user = person("sam@barset.gov.uk")
    contact = request_to_act(user=user, council=council)
    assert (contact.status, contact.role) == (ContactStatus.ACTIVE, ContactRole.SUBMITTER)
    assert can_submit_for(user, council)
    assert verbs(contact) == ["contact.joined_by_work_address"]


def test_a_later_work_address_is_an_editor_at_once_and_the_submitters_are_told(council):
    ContactFactory(council=council, user__email="first@barset.gov.uk")
    contact = request_to_act(user=person("Second@Barset.gov.uk".lower()), council=council)
    assert (contact.status, contact.role) == (ContactStatus.ACTIVE, ContactRole.EDITOR)
    assert can_act_for(contact.user, council)
    assert not can_submit_for(contact.user, council)
    assert mail("council-joined") == ["first@barset.gov.uk"]


@pytest.mark.parametrize("email", ["sam@example.org", "sam@mail.barset.gov.uk", "sam@notbarset.gov.uk", "barset.gov.uk@example.org"])
def test_any_other_address_waits_and_the_submitters_and_the_office_are_told(council, email):
    ContactFactory(council=council, user__email="first@barset.gov.uk")
    ContactFactory(council=council, user__email="editor@barset.gov.uk", role=ContactRole.EDITOR)
    contact = request_to_act(user=person(email), council=council)
    assert contact.status == ContactStatus.REQUESTED
    assert not can_act_for(contact.user, council)
    assert mail("council-requested") == sorted(["first@barset.gov.uk", settings.SUPPORT_EMAIL])
    assert verbs(contact) == ["contact.requested"]


def test_an_address_that_is_not_proven_waits(council):
    assert request_to_act(user=person("sam@barset.gov.uk", verified=False), council=council).status == ContactStatus.REQUESTED


def test_the_address_of_somebody_else_does_not_count(council):
    person("colleague@barset.gov.uk")
    assert request_to_act(user=person("stranger@example.org"), council=council).status == ContactStatus.REQUESTED


def test_asking_twice_makes_one_request_and_one_message_each(council):
    user = person("sam@example.org")
    first, second = request_to_act(user=user, council=council), request_to_act(user=user, council=council)
    assert first == second
    assert mail("council-requested") == [settings.SUPPORT_EMAIL]


def test_somebody_whose_standing_was_ended_waits_even_with_a_work_address(council):
    ContactFactory(council=council)
    gone = ContactFactory(council=council, status=ContactStatus.ENDED, user=person("gone@barset.gov.uk"))
    assert request_to_act(user=gone.user, council=council).status == ContactStatus.REQUESTED


def test_an_invited_person_who_asks_is_in_with_the_role_of_the_invitation(council):
    invited = ContactFactory(council=council, status=ContactStatus.INVITED, role=ContactRole.SUBMITTER)
    contact = request_to_act(user=invited.user, council=council)
    assert (contact.status, contact.role) == (ContactStatus.ACTIVE, ContactRole.SUBMITTER)


def test_nobody_can_ask_to_act_for_a_council_that_has_ended():
    ended = CouncilFactory(ends_on="2020-03-31")
    with pytest.raises(NotPossible, match="has ended"):
        request_to_act(user=UserFactory(), council=ended)


def test_somebody_can_act_for_a_council_that_is_about_to_start():
    coming = CouncilFactory(starts_on=timezone.localdate() + timedelta(days=5))
    assert request_to_act(user=UserFactory(), council=coming).status == ContactStatus.REQUESTED


def test_a_person_waits_for_a_few_councils_at_most(council):
    user = person("sam@example.org")
    for _ in range(MOST_REQUESTS):
        request_to_act(user=user, council=CouncilFactory())
    with pytest.raises(NotPossible, match="waiting for an answer"):
        request_to_act(user=user, council=council)


def test_a_submitter_accepts_a_request_and_the_person_is_an_editor(council):
    submitter = ContactFactory(council=council).user
    waiting = ContactFactory(council=council, status=ContactStatus.REQUESTED, role=ContactRole.EDITOR)
    contact = accept_request(contact_id=waiting.pk, by=submitter)
    assert (contact.status, contact.role, contact.decided_by) == (ContactStatus.ACTIVE, ContactRole.EDITOR, submitter)
    assert mail("council-accepted") == [waiting.user.email]
    assert verbs(contact) == ["contact.accepted"]


def test_the_office_accepts_the_first_person_who_is_then_a_submitter(council, roles):
    waiting = ContactFactory(council=council, status=ContactStatus.REQUESTED, role=ContactRole.EDITOR)
    assert accept_request(contact_id=waiting.pk, by=StaffFactory()).role == ContactRole.SUBMITTER


def test_a_refused_person_is_told_and_cannot_act(council):
    submitter = ContactFactory(council=council).user
    waiting = ContactFactory(council=council, status=ContactStatus.REQUESTED)
    assert refuse_request(contact_id=waiting.pk, by=submitter).status == ContactStatus.ENDED
    assert mail("council-refused") == [waiting.user.email]
    assert verbs(waiting) == ["contact.refused"]
    with pytest.raises(InvalidTransition):
        accept_request(contact_id=waiting.pk, by=submitter)


def test_an_invited_person_accepts_and_acts(council):
    submitter = ContactFactory(council=council).user
    invited = invite_colleague(by=submitter, council=council, email="New@Example.org", role=ContactRole.EDITOR)
    assert mail("council-invited") == ["new@example.org"]
    assert not can_act_for(invited.user, council)
    contact = accept_invitation(contact_id=invited.pk, by=invited.user)
    assert can_act_for(invited.user, council)
    assert verbs(contact) == ["contact.invited", "contact.accepted_invitation"]


def test_an_invited_person_declines_and_can_be_invited_again(council):
    submitter = ContactFactory(council=council).user
    invited = invite_colleague(by=submitter, council=council, email="new@example.org", role=ContactRole.EDITOR)
    assert decline_invitation(contact_id=invited.pk, by=invited.user).status == ContactStatus.ENDED
    again = invite_colleague(by=submitter, council=council, email="new@example.org", role=ContactRole.SUBMITTER)
    assert (again.pk, again.status, again.role) == (invited.pk, ContactStatus.INVITED, ContactRole.SUBMITTER)


def test_nobody_accepts_the_invitation_of_somebody_else(council):
    invited = ContactFactory(council=council, status=ContactStatus.INVITED)
    for other in (UserFactory(), ContactFactory(council=council).user):
        with pytest.raises(PermissionDenied):
            accept_invitation(contact_id=invited.pk, by=other)


@pytest.mark.parametrize("status", [ContactStatus.REQUESTED, ContactStatus.ENDED])
def test_who_waits_or_has_left_cannot_let_themselves_in_as_if_invited(council, status):
    contact = ContactFactory(council=council, status=status)
    with pytest.raises(InvalidTransition):
        accept_invitation(contact_id=contact.pk, by=contact.user)
    assert not can_act_for(contact.user, council)


def test_inviting_somebody_who_waits_accepts_them(council):
    submitter = ContactFactory(council=council).user
    waiting = ContactFactory(council=council, status=ContactStatus.REQUESTED, role=ContactRole.EDITOR)
    contact = invite_colleague(by=submitter, council=council, email=waiting.user.email, role=ContactRole.SUBMITTER)
    assert (contact.pk, contact.status, contact.role) == (waiting.pk, ContactStatus.ACTIVE, ContactRole.SUBMITTER)


@pytest.mark.parametrize(("status", "words"), [(ContactStatus.ACTIVE, "already acts"), (ContactStatus.INVITED, "has been invited already")])
def test_nobody_is_invited_twice(council, status, words):
    submitter = ContactFactory(council=council).user
    there = ContactFactory(council=council, status=status)
    with pytest.raises(NotPossible, match=words):
        invite_colleague(by=submitter, council=council, email=there.user.email, role=ContactRole.EDITOR)


def test_a_council_has_a_limited_number_of_invitations_without_an_answer(council):
    submitter = ContactFactory(council=council).user
    ContactFactory.create_batch(MOST_INVITATIONS, council=council, status=ContactStatus.INVITED)
    with pytest.raises(NotPossible, match="Withdraw one"):
        invite_colleague(by=submitter, council=council, email="more@example.org", role=ContactRole.EDITOR)
    assert not User.objects.filter(email="more@example.org").exists()


def test_only_submitters_and_the_office_manage_people(council, roles):
    submitter = ContactFactory(council=council).user
    editor = ContactFactory(council=council, role=ContactRole.EDITOR).user
    elsewhere = ContactFactory().user
    assert can_manage_people(submitter, council)
    assert can_manage_people(StaffFactory(), council)
    waiting = ContactFactory(council=council, status=ContactStatus.REQUESTED)
    for other in (editor, elsewhere, waiting.user):
        assert not can_manage_people(other, council)
        for act in (accept_request, refuse_request):
            with pytest.raises(PermissionDenied):
                act(contact_id=waiting.pk, by=other)
        with pytest.raises(PermissionDenied):
            invite_colleague(by=other, council=council, email="friend@example.org", role=ContactRole.SUBMITTER)
        with pytest.raises(PermissionDenied):
            change_role(contact_id=CouncilContact.objects.get(user=editor).pk, by=other, role=ContactRole.SUBMITTER)
        with pytest.raises(PermissionDenied):
            end_contact(contact_id=CouncilContact.objects.get(user=submitter).pk, by=other)


def test_a_person_who_can_no_longer_sign_in_acts_for_nobody(council):
    submitter = ContactFactory(council=council, user__is_active=False).user
    assert not can_submit_for(submitter, council)
    assert not can_act_for(submitter, council)


def test_a_submitter_makes_an_editor_a_submitter_and_then_may_leave(council):
    submitter = ContactFactory(council=council)
    editor = ContactFactory(council=council, role=ContactRole.EDITOR)
    change_role(contact_id=editor.pk, by=submitter.user, role=ContactRole.SUBMITTER)
    assert can_submit_for(editor.user, council)
    assert mail("council-role-changed") == [editor.user.email]
    assert end_contact(contact_id=submitter.pk, by=submitter.user).status == ContactStatus.ENDED
    assert mail("council-ended") == [submitter.user.email]


def test_a_changed_role_and_an_end_are_in_the_trail(council):
    submitter, colleague = ContactFactory(council=council).user, ContactFactory(council=council, role=ContactRole.EDITOR)
    change_role(contact_id=colleague.pk, by=submitter, role=ContactRole.SUBMITTER)
    end_contact(contact_id=colleague.pk, by=submitter)
    assert verbs(colleague) == ["contact.role_changed", "contact.ended"]


@pytest.mark.parametrize("colleague", [ContactStatus.ACTIVE, ContactStatus.INVITED, ContactStatus.REQUESTED, None])
def test_the_only_submitter_can_neither_leave_nor_become_an_editor(council, colleague, roles):
    submitter = ContactFactory(council=council)
    if colleague:
        ContactFactory(council=council, role=ContactRole.EDITOR, status=colleague)
    for by in (submitter.user, StaffFactory()):
        with pytest.raises(NotPossible, match="is the only person who can submit for Barset Council"):
            end_contact(contact_id=submitter.pk, by=by)
        with pytest.raises(NotPossible, match="is the only person who can submit for Barset Council"):
            change_role(contact_id=submitter.pk, by=by, role=ContactRole.EDITOR)
    assert can_submit_for(submitter.user, council)


def test_a_submitter_who_cannot_sign_in_is_not_another_submitter(council):
    submitter = ContactFactory(council=council)
    ContactFactory(council=council, user__is_active=False)
    with pytest.raises(NotPossible):
        end_contact(contact_id=submitter.pk, by=submitter.user)


def test_an_editor_may_leave_and_an_invitation_may_be_withdrawn(council):
    submitter = ContactFactory(council=council).user
    editor = ContactFactory(council=council, role=ContactRole.EDITOR)
    invited = ContactFactory(council=council, status=ContactStatus.INVITED)
    end_contact(contact_id=editor.pk, by=editor.user)
    end_contact(contact_id=invited.pk, by=submitter)
    assert not can_act_for(editor.user, council)
    with pytest.raises(InvalidTransition):
        accept_invitation(contact_id=invited.pk, by=invited.user)
    assert mail("council-ended") == [editor.user.email]


def test_emails_name_the_council_and_link_to_the_site(council):
    submitter = ContactFactory(council=council).user
    invited = invite_colleague(by=submitter, council=council, email="new@example.org", role=ContactRole.EDITOR)
    email = OutboundEmail.objects.get(kind="council-invited")
    assert email.subject == f"{submitter} invites you to work for Barset Council"
    assert f"{settings.SITE_URL}/councils/invitations/{invited.pk}/" in email.text

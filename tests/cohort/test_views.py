"""The pages under /councils/."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cohort.models import Council, CouncilContact
from cohort.policies import can_act_for
from cohort.services.register import OWN_FILE, load_register
from cohort.states import ContactRole, ContactStatus
from tests.factories import ContactFactory, CouncilFactory, StaffFactory, UserFactory
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail

pytestmark = pytest.mark.django_db
REQUEST = "/councils/request/"


@pytest.fixture
def council() -> Council:
    return CouncilFactory(code="BST", name="Barset", official_name="Barset Council")


@pytest.fixture
def people_url(council: Council) -> str:
    return reverse("cohort:people", args=[council.code])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_whole_name_leads_to_that_council_and_keeps_where_to_go_next(council):
    CouncilFactory(code="BSE", name="Barsetshire", official_name="Barsetshire County Council")
    response = signed_in(UserFactory()).get(REQUEST, {"name": "barset", "next": "/eoi/T-1/"})
    assert response.status_code == 302
    assert response.url == f"{REQUEST}?council=BST&next=%2Feoi%2FT-1%2F"


def test_a_name_in_part_gives_a_choice_and_no_choice_an_error():
    load_register(data=OWN_FILE.read_bytes(), by=None)
    client = signed_in(UserFactory())
    response = client.get(REQUEST, {"name": "Barking"})
    assert "London Borough of Barking and Dagenham" in response.content.decode()
    assert not response.context["form"].errors
    response = client.get(REQUEST, {"name": "Barking", "choosing": "yes"})
    assert response.context["form"].errors["council"] == ["Select your council"]


def test_an_unknown_name_and_no_name_are_errors():
    client = signed_in(UserFactory())
    assert "We do not know a council with this name" in client.get(REQUEST, {"name": "Xyzzyx"}).content.decode()
    assert "Enter the name of your council" in client.get(REQUEST, {"name": ""}).content.decode()
    assert not client.get(REQUEST).context["form"].errors


def test_asking_is_a_post_and_leads_to_where_the_request_stands(council):
    user = UserFactory()
    client = signed_in(user)
    assert "Ask to act for Barset Council" in client.get(REQUEST, {"council": "BST"}).content.decode()
    assert not CouncilContact.objects.exists()
    response = client.post(REQUEST, {"council": "BST"}, follow=True)
    assert "Your request has been sent" in response.content.decode()
    assert CouncilContact.objects.get().status == ContactStatus.REQUESTED


@pytest.mark.parametrize(
    ("wanted", "given"), [("/eoi/T-1/", "/eoi/T-1/"), ("https://evil.example/", None), ("//evil.example/", None), ("", None)]
)
def test_somebody_who_may_act_goes_on_to_a_page_of_ours_only(council, people_url, wanted, given):
    client = signed_in(ContactFactory(council=council).user)
    response = client.post(REQUEST, {"council": "BST", "next": wanted})
    assert response.url == (given or people_url)


def test_a_council_that_has_ended_cannot_be_asked_for():
    CouncilFactory(code="OLD", ends_on="2020-03-31")
    assert signed_in(UserFactory()).post(REQUEST, {"council": "OLD"}).status_code == 404


def test_too_many_requests_are_refused_in_words(council):
    user = UserFactory()
    ContactFactory.create_batch(5, user=user, status=ContactStatus.REQUESTED)
    response = signed_in(user).post(REQUEST, {"council": "BST"}, follow=True)
    assert "You are waiting for an answer from 5 councils" in response.content.decode()


def test_people_of_the_council_see_its_people_and_only_submitters_see_buttons(council, people_url):
    submitter = ContactFactory(council=council)
    editor = ContactFactory(council=council, role=ContactRole.EDITOR)
    waiting = ContactFactory(council=council, status=ContactStatus.REQUESTED)
    page = signed_in(submitter.user).get(people_url).content.decode()
    for contact in (submitter, editor, waiting):
        assert contact.user.email in page
    assert reverse("cohort:accept", args=[waiting.pk]) in page
    assert "Invite a colleague" in page
    page = signed_in(editor.user).get(people_url).content.decode()
    assert reverse("cohort:accept", args=[waiting.pk]) not in page
    assert "Invite a colleague" not in page
    assert reverse("cohort:end", args=[editor.pk]) in page


def test_the_name_of_an_invited_person_is_not_shown_before_they_accept(council, people_url):
    submitter = ContactFactory(council=council)
    ContactFactory(council=council, status=ContactStatus.INVITED, user__full_name="Secret Name", user__email="known@example.org")
    page = signed_in(submitter.user).get(people_url).content.decode()
    assert "known@example.org" in page
    assert "Secret Name" not in page


@pytest.mark.parametrize("status", [None, ContactStatus.REQUESTED, ContactStatus.INVITED, ContactStatus.ENDED])
def test_to_a_stranger_a_councils_people_are_not_found(council, people_url, status):
    colleague = ContactFactory(council=council)
    stranger = ContactFactory(council=council, status=status).user if status else ContactFactory().user
    client = signed_in(stranger)
    assert client.get(people_url).status_code == 404
    assert client.post(people_url, {"email": "friend@example.org", "role": "submitter"}).status_code == 404
    for name in ("accept", "refuse", "role", "end"):
        url = reverse(f"cohort:{name}", args=[colleague.pk])
        assert client.post(url, {"role": "editor"}).status_code == 404, name
        assert client.get(url).status_code in {404, 405}, name
    for name in ("standing", "invitation"):
        assert client.get(reverse(f"cohort:{name}", args=[colleague.pk])).status_code == 404, name


def test_somebody_who_is_not_signed_in_is_asked_to_sign_in(council, people_url):
    contact = ContactFactory(council=council)
    paths = [REQUEST, people_url, *(reverse(f"cohort:{name}", args=[contact.pk]) for name in ("standing", "invitation", "end", "refuse"))]
    for path in paths:
        assert Client().get(path).url.startswith(reverse("account_login")), path


def test_an_editor_sees_but_cannot_change_the_councils_people(council, people_url):
    ContactFactory(council=council)
    waiting = ContactFactory(council=council, status=ContactStatus.REQUESTED)
    client = signed_in(ContactFactory(council=council, role=ContactRole.EDITOR).user)
    assert client.post(people_url, {"email": "friend@example.org", "role": "submitter"}).status_code == 403
    for name in ("accept", "refuse", "end"):
        assert client.post(reverse(f"cohort:{name}", args=[waiting.pk])).status_code == 403, name
    assert client.get(reverse("cohort:refuse", args=[waiting.pk])).status_code == 403
    waiting.refresh_from_db()
    assert waiting.status == ContactStatus.REQUESTED


def test_nobody_accepts_their_own_request(council):
    waiting = ContactFactory(council=council, status=ContactStatus.REQUESTED)
    assert signed_in(waiting.user).post(reverse("cohort:accept", args=[waiting.pk])).status_code == 403
    assert not can_act_for(waiting.user, council)


def test_a_submitter_accepts_promotes_and_ends(council, people_url):
    client = signed_in(ContactFactory(council=council).user)
    waiting = ContactFactory(council=council, status=ContactStatus.REQUESTED)
    response = client.post(reverse("cohort:accept", args=[waiting.pk]), follow=True)
    assert f"{waiting.user} can now act for Barset Council." in response.content.decode()
    response = client.post(reverse("cohort:role", args=[waiting.pk]), {"role": "submitter"}, follow=True)
    assert f"{waiting.user} is now a submitter." in response.content.decode()
    assert client.post(reverse("cohort:role", args=[waiting.pk]), {"role": "owner"}).status_code == 400
    assert client.get(reverse("cohort:end", args=[waiting.pk])).status_code == 200
    response = client.post(reverse("cohort:end", args=[waiting.pk]), follow=True)
    assert f"{waiting.user} can no longer act for Barset Council." in response.content.decode()
    assert client.post(reverse("cohort:accept", args=[waiting.pk]), follow=True).status_code == 200
    assert not can_act_for(waiting.user, council)


def test_the_only_submitter_is_told_why_they_cannot_leave(council):
    submitter = ContactFactory(council=council)
    response = signed_in(submitter.user).post(reverse("cohort:end", args=[submitter.pk]), follow=True)
    assert "Make somebody else a submitter first." in response.content.decode()


def test_an_editor_who_leaves_lands_on_the_home_page(council):
    ContactFactory(council=council)
    editor = ContactFactory(council=council, role=ContactRole.EDITOR)
    client = signed_in(editor.user)
    assert "Stop acting for Barset Council" in client.get(reverse("cohort:end", args=[editor.pk])).content.decode()
    assert client.post(reverse("cohort:end", args=[editor.pk])).url == reverse("home")


def test_inviting_by_the_page_and_its_errors(council, people_url):
    submitter = ContactFactory(council=council).user
    client = signed_in(submitter)
    page = client.post(people_url, {"email": "not an address"}).content.decode()
    assert "Enter an email address in the correct format" in page
    assert "Select what they can do" in page
    assert "<title>Error: " in page
    assert "already acts for" in client.post(people_url, {"email": submitter.email, "role": "editor"}).content.decode()
    response = client.post(people_url, {"email": "new@example.org", "role": "editor"}, follow=True)
    assert "We have written to new@example.org." in response.content.decode()


@pytest.mark.parametrize(("answer", "words"), [("accept", "You can act for"), ("decline", "You do not act for")])
def test_an_invitation_is_answered_by_a_button(council, answer, words):
    invited = ContactFactory(council=council, status=ContactStatus.INVITED, invited_by=UserFactory(full_name="Ann Boss"))
    url = reverse("cohort:invitation", args=[invited.pk])
    client = signed_in(invited.user)
    assert "Ann Boss" in client.get(url).content.decode()
    assert client.get(reverse("cohort:standing", args=[invited.pk])).url == url
    assert client.post(url, {"answer": "perhaps"}).status_code == 400
    assert words in client.post(url, {"answer": answer}, follow=True).content.decode()
    assert can_act_for(invited.user, council) == (answer == "accept")
    assert client.get(url).url == reverse("cohort:standing", args=[invited.pk])


def test_programme_staff_see_and_manage_the_people_of_every_council(council, people_url, roles):
    waiting = ContactFactory(council=council, status=ContactStatus.REQUESTED)
    client = signed_in(StaffFactory())
    assert "Invite a colleague" in client.get(people_url).content.decode()
    client.post(reverse("cohort:accept", args=[waiting.pk]))
    assert can_act_for(waiting.user, council)


def test_the_list_of_people_takes_as_many_queries_for_fifty_as_for_five(council, people_url, django_assert_num_queries):
    client = signed_in(ContactFactory(council=council).user)
    ContactFactory.create_batch(4, council=council, role=ContactRole.EDITOR)
    client.get(people_url)
    with CaptureQueriesContext(connection) as at_five:
        client.get(people_url)
    ContactFactory.create_batch(45, council=council, role=ContactRole.EDITOR)
    with django_assert_num_queries(len(at_five)):
        client.get(people_url)


def test_more_people_than_fit_are_on_the_next_page(council, people_url):
    client = signed_in(ContactFactory(council=council).user)
    last = ContactFactory.create_batch(50, council=council, role=ContactRole.EDITOR)[-1]
    assert last.user.email not in client.get(people_url).content.decode()
    assert last.user.email in client.get(people_url, {"page": 2}).content.decode()


def test_somebody_without_a_name_gives_it_on_accepting_an_invitation(client):
    invited = ContactFactory(status=ContactStatus.INVITED, invited_by=UserFactory(), user__full_name="")
    client.force_login(invited.user)
    url = reverse("cohort:invitation", args=[invited.pk])
    assert "Enter your full name" in client.post(url, {"answer": "accept"}).content.decode()
    invited.refresh_from_db()
    assert invited.status == ContactStatus.INVITED
    client.post(url, {"answer": "accept", "full_name": "Sam Okafor", "job_title": "Head of Change"})
    invited = CouncilContact.objects.get(pk=invited.pk)
    assert (invited.status, invited.user.full_name, invited.user.job_title) == (ContactStatus.ACTIVE, "Sam Okafor", "Head of Change")


def test_declining_an_invitation_asks_for_no_name(client):
    invited = ContactFactory(status=ContactStatus.INVITED, invited_by=UserFactory(), user__full_name="")
    client.force_login(invited.user)
    client.post(reverse("cohort:invitation", args=[invited.pk]), {"answer": "decline"})
    invited.refresh_from_db()
    assert invited.status == ContactStatus.ENDED


def test_two_councils_of_one_name_are_said_to_be_two(client):
    for code in ("AAA", "BBB"):
        CouncilFactory(code=code, name="Twinham")
    client.force_login(UserFactory())
    text = client.get(REQUEST, {"name": "Twinham"}).content.decode()
    assert "More than one council is called “Twinham”" in text
    assert "No council is called" not in text
    assert "No council is called “Twinhan”" in client.get(REQUEST, {"name": "Twinhan"}).content.decode()


def test_the_office_is_led_to_a_request_in_the_office(client, council):
    client.force_login(UserFactory())
    client.post(REQUEST, {"council": council.code})
    contact = CouncilContact.objects.get()
    email = OutboundEmail.objects.about(contact).get(key__endswith=":office")
    assert f"/admin/cohort/councilcontact/{contact.pk}/change/" in email.text

"""People in the office."""

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from tests.factories import ContactFactory, StaffFactory, UserFactory
from upstream.accounts.models import User
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
LIST = "/admin/accounts/user/"
QUERIES = 12


def page_of(person):
    return f"{LIST}{person.pk}/change/"


def details(person, **changes):
    kept = {"full_name": person.full_name, "job_title": person.job_title, "phone": person.phone, "is_active": "on"}
    return kept | changes


@pytest.fixture
def superuser():
    return User.objects.create_superuser("root@example.org", full_name="Root")


@pytest.fixture
def editor():
    """Somebody who may change people, as no role allows yet."""
    person = UserFactory(is_staff=True)
    person.user_permissions.add(*Permission.objects.filter(codename__in=["view_user", "change_user", "add_user"]))
    return person


def test_staff_find_people_by_name_and_address(client):
    wanted = UserFactory(full_name="Ŵyn Pugh", email="wyn@barset.example")
    UserFactory()
    client.force_login(StaffFactory())
    for words in ("Pugh", "wyn@barset"):
        assert list(client.get(LIST, {"q": words}).context["cl"].result_list) == [wanted]


def test_the_list_shows_roles(client, superuser):
    client.force_login(StaffFactory())
    page = client.get(LIST).content.decode()
    assert '<td class="field-roles">Programme staff</td>' in page
    assert '<td class="field-roles">Superuser</td>' in page


@pytest.mark.parametrize("number", [5, 50])
def test_the_list_asks_the_same_number_of_questions_whatever_its_length(client, number, django_assert_num_queries):
    people = StaffFactory.create_batch(number)
    client.force_login(people[0])
    client.get(LIST)
    with django_assert_num_queries(QUERIES):
        assert len(client.get(LIST).context["cl"].result_list) == number


def test_staff_read_but_change_nothing(client):
    staff, person = StaffFactory(), UserFactory(full_name="Kept")
    client.force_login(staff)
    assert client.get(page_of(person)).status_code == 200
    assert client.post(page_of(person), details(person, full_name="Changed")).status_code == 403
    assert client.post(page_of(staff), details(staff, is_staff="on", is_superuser="on")).status_code == 403
    assert User.objects.get(pk=person.pk).full_name == "Kept"


def test_a_superuser_gives_and_takes_roles(client, superuser):
    person, role = UserFactory(), Group.objects.get(name="Finance")
    client.force_login(superuser)
    client.post(page_of(person), details(person, is_staff="on", groups=[role.pk]))
    person.refresh_from_db()
    assert person.is_staff
    assert list(person.groups.all()) == [role]
    client.post(page_of(person), details(person))
    person.refresh_from_db()
    assert not person.is_staff
    assert not person.groups.exists()


def test_nobody_becomes_a_superuser_in_the_office(client, superuser):
    person = UserFactory()
    client.force_login(superuser)
    client.post(page_of(person), details(person, is_superuser="on"))
    assert not User.objects.get(pk=person.pk).is_superuser


def test_an_address_in_use_is_not_changed(client, superuser):
    person = UserFactory(email="kept@example.org")
    client.force_login(superuser)
    client.post(page_of(person), details(person, email="other@example.org"))
    assert User.objects.get(pk=person.pk).email == "kept@example.org"


def test_whoever_may_change_people_cannot_let_anybody_into_the_office(client, editor):
    person, role = UserFactory(), Group.objects.get(name="Programme staff")
    client.force_login(editor)
    client.post(page_of(person), details(person, full_name="New name", is_staff="on", groups=[role.pk]))
    person.refresh_from_db()
    assert person.full_name == "New name"
    assert not person.is_staff
    assert not person.groups.exists()


def test_whoever_may_change_people_cannot_change_those_who_work_here(client, editor, superuser):
    client.force_login(editor)
    for person in (editor, superuser, StaffFactory()):
        assert client.post(page_of(person), {"full_name": "Locked out"}).status_code == 403
        assert User.objects.get(pk=person.pk).is_active


def test_a_new_person_signs_in_by_code_under_a_lower_case_address(client, superuser):
    role = Group.objects.get(name="Programme staff")
    client.force_login(superuser)
    sent = {"email": "New.Person@Example.org", "full_name": "New Person", "is_active": "on", "is_staff": "on", "groups": [role.pk]}
    client.post(f"{LIST}add/", sent)
    person = User.objects.get(email="new.person@example.org")
    assert not person.has_usable_password()
    assert list(person.groups.all()) == [role]


def test_the_code_of_a_new_persons_first_sign_in_is_all_they_need(client, superuser):
    client.force_login(superuser)
    client.post(f"{LIST}add/", {"email": "new@example.org", "full_name": "New Person", "is_active": "on", "is_staff": "on"})
    newcomer = Client()
    newcomer.post(reverse("account_request_login_code"), {"email": "new@example.org"})
    code = re.search(r"\*\*(\S+)\*\*", OutboundEmail.objects.get(recipient="new@example.org").text)[1]
    newcomer.post(reverse("account_confirm_login_code"), {"code": code})
    assert newcomer.get(reverse("account")).status_code == 200
    assert OutboundEmail.objects.filter(recipient="new@example.org").count() == 1


def test_an_address_in_other_case_is_the_same_person(client, superuser):
    UserFactory(email="taken@example.org")
    client.force_login(superuser)
    response = client.post(f"{LIST}add/", {"email": "TAKEN@example.org", "full_name": "Second"})
    assert "already exists" in response.content.decode()


def test_people_are_never_deleted(client, superuser):
    person = UserFactory()
    client.force_login(superuser)
    assert client.post(f"{LIST}{person.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=person.pk).exists()


def test_roles_addresses_and_second_factors_have_no_pages(client, superuser):
    client.force_login(superuser)
    for place in ("auth/group", "account/emailaddress", "mfa/authenticator", "sites/site"):
        assert client.get(f"/admin/{place}/").status_code == 404


def test_council_officers_do_not_reach_people(client):
    client.force_login(ContactFactory().user)
    assert client.get(LIST, follow=True).status_code == 403


def test_what_the_office_changes_about_a_person_is_in_the_trail_without_their_name(client, superuser):
    role = Group.objects.get(name="Finance")
    client.force_login(superuser)
    sent = {"email": "new@example.org", "full_name": "New Person", "is_active": "on", "is_staff": "on", "groups": [role.pk]}
    client.post(f"{LIST}add/", sent)
    person = User.objects.get(email="new@example.org")
    client.post(page_of(person), details(person, phone="01234 567890"))
    added, changed = Entry.objects.about(person)
    assert [added.verb, changed.verb] == ["person.added", "person.changed"]
    assert added.actor_id == changed.actor_id == superuser.pk
    assert added.data | {"fields": None} == {"fields": None, "is_active": True, "is_staff": True, "roles": ["Finance"]}
    assert changed.data == {"fields": ["phone", "is_staff", "groups"], "is_active": True, "is_staff": False, "roles": []}
    assert not re.search("new|person|01234", str([added.data, changed.data]), re.IGNORECASE)


def test_a_change_that_is_refused_leaves_no_trace(client):
    client.force_login(StaffFactory())
    person = UserFactory()
    client.post(page_of(person), details(person, full_name="Changed"))
    assert not Entry.objects.about(person).exists()


def test_the_list_says_in_words_who_can_enter_what(client):
    UserFactory(is_active=False)
    UserFactory()
    client.force_login(StaffFactory())
    page = client.get(LIST).text
    for words in ("Nothing", "Website", "Website and office", "Never"):
        assert f">{words}</td>" in page


def test_people_are_filtered_by_role(client):
    staff = StaffFactory()
    UserFactory()
    client.force_login(staff)
    role = Group.objects.get(name="Programme staff")
    assert list(client.get(LIST, {"role": role.pk}).context["cl"].result_list) == [staff]

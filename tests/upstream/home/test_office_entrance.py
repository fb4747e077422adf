"""Who gets into the office, and by which door."""

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from tests.factories import ContactFactory, StaffFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


def test_a_stranger_is_sent_to_the_websites_own_sign_in_and_comes_back(client):
    response = client.get("/admin/login/?next=/admin/applications/application/")
    assert response.url == f"{reverse('account_login')}?next=/admin/applications/application/"


def test_a_stranger_at_the_office_door_signs_in_first(client):
    response = client.get(client.get("/admin/").url)
    assert response.url == f"{reverse('account_login')}?next=/admin/"


def test_the_way_back_never_leaves_the_site(client):
    response = client.get("/admin/login/?next=https://evil.example/")
    assert response.url == f"{reverse('account_login')}?next=/admin/"


def test_a_council_officer_is_refused(client):
    client.force_login(ContactFactory().user)
    assert client.get("/admin/", follow=True).status_code == 403


def test_a_staff_flag_without_a_role_opens_nothing(client):
    client.force_login(UserFactory(is_staff=True))
    assert client.get("/admin/", follow=True).status_code == 403


def test_a_role_without_the_staff_flag_opens_nothing(client):
    staff = StaffFactory()
    staff.is_staff = False
    staff.save()
    client.force_login(staff)
    assert client.get("/admin/", follow=True).status_code == 403


def test_programme_staff_see_the_office(client):
    client.force_login(StaffFactory())
    assert client.get("/admin/").status_code == 200


def test_a_removed_role_takes_effect_on_the_next_page(client):
    staff = StaffFactory()
    client.force_login(staff)
    staff.groups.clear()
    assert client.get("/admin/", follow=True).status_code == 403


def test_staff_without_a_second_factor_are_asked_to_set_one_up(client, settings):
    settings.OFFICE_NEEDS_SECOND_FACTOR = True
    client.force_login(StaffFactory())
    response = client.get(client.get("/admin/").url)
    assert response.url == reverse("mfa_activate_totp")


def test_staff_with_a_second_factor_come_in(client, settings):
    settings.OFFICE_NEEDS_SECOND_FACTOR = True
    staff = StaffFactory()
    Authenticator.objects.create(user=staff, type=Authenticator.Type.TOTP, data={"secret": "x"})
    client.force_login(staff)
    assert client.get("/admin/").status_code == 200


def test_signing_out_of_the_office_signs_out_of_the_website(client):
    client.force_login(StaffFactory())
    client.post("/admin/logout/")
    assert "_auth_user_id" not in client.session


def test_a_password_is_changed_where_everybody_changes_it(client):
    client.force_login(StaffFactory())
    assert client.get("/admin/password_change/").url == reverse("account_change_password")

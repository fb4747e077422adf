"""Who gets into the office, and by which door."""

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from tests.factories import ApplicationFactory, ContactFactory, StaffFactory, UserFactory
from tests.factories.judging import PanelMemberFactory
from upstream.accounts.models import User

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


def test_staff_without_a_second_factor_see_nothing_of_councils_by_any_other_way(client, settings):
    application = ApplicationFactory()
    staff = StaffFactory()
    client.force_login(staff)
    addresses = [
        reverse("applications:eoi", args=[application.reference]),
        reverse("applications:pdf", args=[application.reference]),
        reverse("cohort:people", args=[application.council.code]),
    ]
    assert [client.get(address).status_code for address in addresses] == [200, 200, 200]
    settings.SECOND_FACTOR_NEEDED = True
    for address in addresses:
        assert client.get(address).url == reverse("mfa_activate_totp")
        assert client.post(address, {"email": "new@example.org", "role": "editor"}).url == reverse("mfa_activate_totp")
    assert not User.objects.filter(email="new@example.org").exists()
    assert [client.get(reverse(name)).status_code for name in ("privacy", "account", "mfa_index")] == [200, 200, 200]


def test_councils_people_choose_whether_they_want_a_second_factor(client, settings):
    settings.SECOND_FACTOR_NEEDED = True
    contact = ContactFactory()
    client.force_login(contact.user)
    assert client.get(reverse("cohort:people", args=[contact.council.code])).status_code == 200


def test_panel_members_need_a_second_factor_to_see_anything(client, settings):
    member = PanelMemberFactory()
    client.force_login(member.user)
    address = reverse("applications:panel", args=[member.panel.call.slug])
    assert client.get(address).status_code == 200
    settings.SECOND_FACTOR_NEEDED = True
    assert client.get(address).url == reverse("mfa_activate_totp")


def test_signing_out_of_the_office_empties_the_browsers_cache(client):
    client.force_login(StaffFactory())
    assert client.post("/admin/logout/").headers["Clear-Site-Data"] == '"cache"'


def test_staff_without_a_second_factor_are_asked_to_set_one_up(client, settings):
    settings.SECOND_FACTOR_NEEDED = True
    client.force_login(StaffFactory())
    assert client.get("/admin/").url == reverse("mfa_activate_totp")


def test_staff_with_a_second_factor_come_in(client, settings):
    settings.SECOND_FACTOR_NEEDED = True
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

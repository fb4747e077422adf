"""Sessions end when a person's role or second factor changes."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from tests.factories import StaffFactory
from tests.upstream.home.test_people import details, page_of
from tests.upstream.home.test_sign_in import code_now, sign_in_by_code
from upstream import clock
from upstream.accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
ACCOUNT = reverse("account")


def signed_in(person):
    browser = Client()
    browser.force_login(person)
    return browser


def is_signed_in(browser):
    return browser.get(ACCOUNT).status_code == 200


@pytest.fixture
def office():
    return signed_in(User.objects.create_superuser("root@example.org", full_name="Root"))


@pytest.fixture
def person():
    person = User.objects.create_user("ada@barset.example", full_name="Ada Clark")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


@pytest.mark.parametrize("change", ["is_active", "is_staff", "groups"])
def test_a_change_of_what_somebody_may_do_signs_them_out(office, change):
    person, other = StaffFactory(), StaffFactory()
    mine, others = signed_in(person), signed_in(other)
    roles = [group.pk for group in person.groups.all()]
    kept = details(person, is_staff="on", groups=roles)
    finance = Group.objects.get(name="Finance").pk
    office.post(page_of(person), kept | {"groups": [*roles, finance]} if change == "groups" else kept | {change: ""})
    assert not is_signed_in(mine)
    assert is_signed_in(others)
    assert is_signed_in(office)


def test_who_is_let_in_again_signs_in_again(office, person):
    mine = signed_in(person)
    office.post(page_of(person), details(person, is_active=""))
    office.post(page_of(person), details(person))
    assert not is_signed_in(mine)
    assert is_signed_in(signed_in(User.objects.get(pk=person.pk)))


def test_a_new_telephone_number_signs_nobody_out(office, person):
    mine = signed_in(person)
    office.post(page_of(person), details(person, phone="01234 567890"))
    assert is_signed_in(mine)


@pytest.fixture
def with_second_factor(person, move_clock):
    """A browser that has just set up an app, and may change that."""
    move_clock(clock.now())  # a code is right for half a minute
    browser = Client()
    sign_in_by_code(browser, person)
    secret = set_up(browser)
    browser.post(reverse("mfa_reauthenticate"), {"code": code_now(secret)})
    return browser


def set_up(browser):
    browser.get(reverse("mfa_activate_totp"))
    secret = browser.session["mfa.totp.secret"]
    browser.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    return secret


@pytest.mark.django_db(transaction=True)  # allauth tells of it once it is committed
def test_a_second_factor_signs_out_the_browsers_that_did_without(person):
    here, elsewhere = Client(), signed_in(person)
    sign_in_by_code(here, person)
    set_up(here)
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", ["mfa_deactivate_totp", "mfa_generate_recovery_codes"])
def test_a_change_of_second_factor_signs_out_all_other_browsers(person, with_second_factor, change):
    elsewhere = signed_in(User.objects.get(pk=person.pk))
    assert with_second_factor.post(reverse(change)).status_code == 302
    assert is_signed_in(with_second_factor)
    assert not is_signed_in(elsewhere)

"""Signing in with a password, and what guessing meets."""

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from tests.factories import UserFactory
from upstream.accounts.models import User

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")
PASSWORD = "correct horse battery"


@pytest.fixture
def person() -> User:
    person = UserFactory()
    person.set_password(PASSWORD)
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def sign_in(client, person, password, **meta):
    client.post(LOGIN, {"login": person.email, "password": password}, **meta)
    return "_auth_user_id" in client.session


def test_somebody_who_has_set_a_password_can_sign_in_with_it(client, person):
    assert 'type="password"' in client.get(LOGIN).content.decode()
    assert not sign_in(client, person, "wrong horse battery")
    assert sign_in(client, person, PASSWORD)


def test_the_eleventh_guess_is_refused_and_locks_out_nobody_elsewhere(client, person):
    for guess in range(10):
        assert not sign_in(client, person, f"guess number {guess}")
    assert not sign_in(client, person, PASSWORD)
    assert not sign_in(client, person, PASSWORD, HTTP_X_FORWARDED_FOR="10.9.8.7"), (
        "no proxy is trusted, so nobody can claim another address"
    )
    assert sign_in(client, person, PASSWORD, REMOTE_ADDR="10.9.8.7")

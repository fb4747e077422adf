"""Signing in with a password, and what guessing meets."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse

from tests.factories import UserFactory
from upstream import clock
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")
SECOND_FACTOR = reverse("mfa_authenticate")
PASSWORD = "correct horse battery"
TRIES_AN_HOUR = 20


def person_with_password() -> User:
    person = UserFactory()
    person.set_password(PASSWORD)
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


@pytest.fixture
def person() -> User:
    return person_with_password()


def sign_in(client, person, password, **meta):
    client.post(LOGIN, {"login": person.email, "password": password}, **meta)
    return is_signed_in(client)


def is_signed_in(client):
    return "_auth_user_id" in client.session


def ask_for_code(client, person):
    """Ask for a sign-in code, and return the one that was sent."""
    client.post(reverse("account_request_login_code"), {"email": person.email})
    text = OutboundEmail.objects.filter(recipient=person.email).latest("pk").text
    return re.search(r"[A-Z]{4}-[A-Z]{4}", text)[0]


def sign_in_by_code(client, person):
    return client.post(reverse("account_confirm_login_code"), {"code": ask_for_code(client, person)})


def elsewhere(number):
    """A computer that nobody else uses, asking for the site under a name that nobody else uses either."""
    return {"REMOTE_ADDR": f"10.0.0.{number}", "HTTP_HOST": f"testserver:{8000 + number}"}


def code_now(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_somebody_who_has_set_a_password_can_sign_in_with_it(client, person):
    assert 'type="password"' in client.get(LOGIN).content.decode()
    assert "Check your email address and password" in client.post(LOGIN, {"login": person.email, "password": "wrong"}).content.decode()
    assert sign_in(client, person, PASSWORD)


def test_the_eleventh_guess_is_refused_and_locks_out_nobody_elsewhere(client, person):
    for guess in range(10):
        assert not sign_in(client, person, f"guess number {guess}")
    assert not sign_in(client, person, PASSWORD)
    assert not sign_in(client, person, PASSWORD, HTTP_X_FORWARDED_FOR="10.9.8.7"), (
        "no proxy is trusted, so nobody can claim another address"
    )
    assert sign_in(client, person, PASSWORD, REMOTE_ADDR="10.9.8.7")


@pytest.mark.parametrize("known", [True, False])
def test_many_computers_have_no_more_guesses_at_a_password_than_a_few(client, person, known):
    if not known:
        person.delete()
    for number in range(TRIES_AN_HOUR):
        assert not sign_in(client, person, f"guess number {number}", **elsewhere(number))
    response = client.post(LOGIN, {"login": person.email.upper(), "password": PASSWORD}, **elsewhere(99))
    assert not is_signed_in(client)
    assert "There were too many tries" in response.content.decode()
    assert sign_in(client, person_with_password(), PASSWORD, **elsewhere(99))


def test_a_stranger_who_guesses_passwords_locks_nobody_out(client, person):
    for number in range(TRIES_AN_HOUR + 1):
        sign_in(Client(), person, f"guess number {number}", **elsewhere(number))
    assert not sign_in(client, person, PASSWORD)
    sign_in_by_code(client, person)
    assert is_signed_in(client)


def test_many_computers_have_no_more_guesses_at_a_second_factor_than_a_few(client, person):
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    assert sign_in_by_code(client, person).url == SECOND_FACTOR
    for number in range(TRIES_AN_HOUR):
        client.post(SECOND_FACTOR, {"code": "000000"}, **elsewhere(number))
    response = client.post(SECOND_FACTOR, {"code": code_now(secret)}, **elsewhere(99))
    assert "There were too many tries" in response.content.decode()
    assert not is_signed_in(client)


def test_a_stranger_uses_up_none_of_the_tries_at_a_second_factor(client, person, move_clock):
    move_clock(clock.now())  # a code is right for half a minute
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    for number in range(TRIES_AN_HOUR + 1):
        stranger = Client()
        sign_in(stranger, person, f"guess number {number}", **elsewhere(number))
        assert stranger.post(SECOND_FACTOR, {"code": "000000"}, **elsewhere(number)).url == LOGIN
    sign_in_by_code(client, person)
    client.post(SECOND_FACTOR, {"code": code_now(secret)})
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "Your password must have 12 characters or more"),
        ("1q2w3e4r5t6y", "Choose a password that is harder to guess"),
        ("person@example.org", "Choose a password that is less like your email address"),
    ],
)
def test_a_password_that_will_not_do_is_refused_in_our_words(client, password, words):
    client.force_login(UserFactory(email="person@example.org", password="!"))
    form = {"password1": password, "password2": password}
    assert words in client.post(reverse("account_set_password"), form).content.decode()


def test_a_wrong_code_is_answered_in_our_words(client, person):
    ask_for_code(client, person)
    page = client.post(reverse("account_confirm_login_code"), {"code": "BBBB-BBBB"})
    assert "Enter the code from the latest email" in page.content.decode()
    TOTP.activate(person, generate_totp_secret())
    sign_in_by_code(client, person)
    assert "Enter the code that your app shows now" in client.post(SECOND_FACTOR, {"code": "000000"}).content.decode()


def test_a_code_is_guessed_three_times(client, person):
    code = ask_for_code(client, person)
    for _ in range(3):
        response = client.post(reverse("account_confirm_login_code"), {"code": "BBBB-BBBB"}, follow=True)
    assert "There were too many tries" in response.content.decode()
    client.post(reverse("account_confirm_login_code"), {"code": code})
    assert not is_signed_in(client)

"""Sign-in mail goes through the outbox, in the lane of its own."""

import itertools
import re
from datetime import timedelta

import pytest
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from django.test import Client
from django.urls import reverse

from tests.factories import UserFactory
from upstream import clock
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import Lane

pytestmark = pytest.mark.django_db
LOGIN_CODE, RESET_CODE, SIGN_UP = "account_request_login_code", "account_reset_password", "account_signup"
AT_MOST = 5
NUMBERS = itertools.cycle(range(1, 255))


def codes_sent(email):
    """The codes that an address was sent, oldest first."""
    texts = OutboundEmail.objects.filter(recipient=email).order_by("pk").values_list("text", flat=True)
    return [re.search(r"[A-Z]{4}-[A-Z]{4}", text)[0] for text in texts]


@pytest.fixture
def person():
    person = UserFactory()
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def ask(page, email):
    """Ask for a message from a computer of one's own. Returns the browser and what it was shown."""
    browser = Client(REMOTE_ADDR=f"10.0.0.{next(NUMBERS)}")
    response = browser.post(reverse(page), {"email": email, "full_name": "Ada Clark"}, follow=True)
    return browser, re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def test_two_requests_for_a_code_are_two_messages():
    person = UserFactory()
    for _ in range(2):
        Client().post(reverse("account_request_login_code"), {"email": person.email})
    first, second = OutboundEmail.objects.order_by("pk")
    assert first.text != second.text
    assert {email.lane for email in (first, second)} == {Lane.CODES}
    assert {email.recipient for email in (first, second)} == {person.email}
    assert first.kind == "login-code"
    assert timedelta(minutes=14) < first.use_by - clock.now() <= timedelta(minutes=15)


def test_an_unknown_address_gets_a_message_without_a_code(client):
    client.post(reverse("account_request_login_code"), {"email": "stranger@example.org"})
    email = OutboundEmail.objects.get()
    assert (email.recipient, email.use_by) == ("stranger@example.org", None)


@pytest.mark.parametrize(
    ("page", "confirm", "then"),
    [
        (LOGIN_CODE, "account_confirm_login_code", "/"),
        (RESET_CODE, "account_confirm_password_reset_code", reverse("account_complete_password_reset")),
    ],
)
def test_a_flooded_mailbox_gets_a_few_codes_and_the_last_one_works_for_its_owner(person, page, confirm, then):
    shown = {ask(page, person.email)[1] for _ in range(AT_MOST)}
    owner, shown_then = ask(page, person.email.upper())
    sent = codes_sent(person.email)
    assert len(sent) == AT_MOST
    assert shown == {shown_then}
    assert owner.post(reverse(confirm), {"code": sent[-2]}).status_code == 200
    assert owner.post(reverse(confirm), {"code": sent[-1]}).url == then


def test_the_last_code_also_proves_an_address_that_had_several(client, person):
    client.force_login(person)
    for _ in range(AT_MOST + 1):
        client.post(reverse("account_email"), {"action_add": "", "email": "new@barset.example"})
    sent = codes_sent("new@barset.example")
    assert len(sent) == AT_MOST
    client.post(reverse("account_email_verification_sent"), {"code": sent[-1]})
    assert EmailAddress.objects.filter(email="new@barset.example", verified=True).exists()


def test_each_browser_wants_the_code_that_was_sent_for_it(person):
    first, _ = ask(LOGIN_CODE, person.email)
    ask(LOGIN_CODE, person.email)
    own, newest = codes_sent(person.email)
    assert first.post(reverse("account_confirm_login_code"), {"code": newest}).status_code == 200
    assert first.post(reverse("account_confirm_login_code"), {"code": own}).url == "/"


@pytest.mark.parametrize("page", [LOGIN_CODE, RESET_CODE, SIGN_UP])
def test_an_address_gets_a_few_messages_whether_known_here_or_not(page, person):
    unknown = "stranger@example.org"
    for _ in range(AT_MOST + 2):
        for email in (person.email, unknown):
            ask(page, email)
    assert OutboundEmail.objects.filter(recipient=person.email).count() == AT_MOST
    # The first sign-up makes the address a known one.
    assert OutboundEmail.objects.filter(recipient=unknown).count() == AT_MOST + (page == SIGN_UP)
    ask(page, "another@example.org")
    assert OutboundEmail.objects.filter(recipient="another@example.org").count() == 1


def test_messages_come_again_after_a_quarter_of_an_hour(person, move_clock):
    start = clock.now()
    move_clock(start)
    for _ in range(AT_MOST + 1):
        ask(LOGIN_CODE, person.email)
    move_clock(start + timedelta(minutes=16))
    ask(LOGIN_CODE, person.email)
    assert len(codes_sent(person.email)) == AT_MOST + 1


def test_notices_of_what_happened_to_an_account_are_all_sent(rf):
    request = rf.get("/")
    with request_context(request):
        for _ in range(AT_MOST + 1):
            get_adapter(request).send_mail("account/email/password_changed", "ada@barset.example", {"timestamp": clock.now()})
    assert OutboundEmail.objects.count() == AT_MOST + 1


def test_somebody_who_signs_up_again_is_told_where_to_sign_in(person, settings):
    ask(SIGN_UP, person.email)
    assert f"\n{settings.SITE_URL}{reverse('account_login')}\n" in OutboundEmail.objects.get(recipient=person.email).text

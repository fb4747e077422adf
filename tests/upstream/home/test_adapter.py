"""Sign-in mail goes through the outbox, in the lane of its own."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import UserFactory
from upstream import clock
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import Lane

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def cache_in_memory(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


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

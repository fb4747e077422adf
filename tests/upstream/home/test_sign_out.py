"""Signing out."""

import pytest
from django.urls import reverse

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_signing_out_empties_the_browsers_cache_and_leaves_its_storage(client):
    client.force_login(UserFactory())
    assert "Clear-Site-Data" not in client.get(reverse("account_logout"))
    response = client.post(reverse("account_logout"))
    assert response["Clear-Site-Data"] == '"cache"'
    assert "_auth_user_id" not in client.session

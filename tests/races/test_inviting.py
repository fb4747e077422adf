"""Several councils invite the same new person at the same moment."""

import pytest

from tests.races.conftest import at_once
from upstream.accounts.models import User
from upstream.accounts.services import find_or_invite_user

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
TOGETHER = 12


def test_everybody_finds_the_same_new_person():
    found = at_once([lambda: find_or_invite_user(email="Sam.Okafor@barset.example")] * TOGETHER)
    person = User.objects.get()
    print(f"\ninviting: {TOGETHER} at once, {found.count(person)} found the one person")
    assert found == [person] * TOGETHER

import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import get_user
from django.urls import include, path, reverse

import upstream.urls
from tests.factories import UserFactory
from tests.upstream.test_env import SITE
from upstream.env import Mode
from upstream.home.demo import PEOPLE

ROOT = Path(__file__).parent.parent.parent.parent
urlpatterns = [*upstream.urls.urlpatterns, path("demo/", include("upstream.home.demo"))]
LOOK_UP = """
import django
django.setup()
from django.urls import Resolver404, resolve
try:
    print("found", resolve("/demo/sign-in/superuser/").func.__name__)
except Resolver404:
    print("no such page")
"""


def look_up(mode):
    return subprocess.run(  # noqa: S603  (our own command)
        [sys.executable, "-c", LOOK_UP],
        cwd=ROOT,
        env=SITE | {"UPSTREAM_ENV": mode, "DJANGO_SETTINGS_MODULE": "upstream.settings"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.DEMO])
def test_sign_in_links_do_not_exist_outside_the_demo(mode):
    assert look_up(mode) == "no such page"


def test_sign_in_links_exist_in_the_demo():
    assert look_up(Mode.DEMO) == "found sign_in"


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("who", PEOPLE)
def test_one_click_signs_in_as_the_person_of_the_link(client, db, who):
    person = UserFactory(email=PEOPLE[who].email)
    UserFactory(email="somebody.else@example.org")
    response = client.get(f"/demo/sign-in/{who}/")
    assert response["Location"] == reverse(PEOPLE[who].landing)
    assert get_user(client) == person


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("who", ["nobody", "staff"])
def test_a_link_to_nobody_signs_in_nobody(client, db, who):
    assert client.get(f"/demo/sign-in/{who}/").status_code == 404
    assert not get_user(client).is_authenticated

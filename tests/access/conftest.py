"""The world that many requests are tried in: each undoes what it did."""

import logging

import pytest
from django.core.management import call_command

from tests.access.world import build


@pytest.fixture(scope="module")
def world(made_once):
    logging.disable(logging.CRITICAL)  # Django would log every refusal, and there are thousands
    call_command("sync_roles")
    yield build()
    logging.disable(logging.NOTSET)

"""The world that a test tries many requests in: each request undoes what it did."""

import logging

import pytest

from tests.access.world import build


@pytest.fixture
def world(roles, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    logging.disable(logging.CRITICAL)  # Django would log every refusal, and there are thousands
    yield build()
    logging.disable(logging.NOTSET)

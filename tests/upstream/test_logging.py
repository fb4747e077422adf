"""What production writes to its log, seen from outside."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import logging, django, structlog
django.setup()
typed = "plum jam"
try:
    raise ValueError("the reason")
except ValueError:
    {}
"""


def environment():
    lines = [line for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line and not line.startswith("#")]
    examples = dict(line.split("=", 1) for line in lines)
    return os.environ | examples | {"SECRET_KEY": secrets.token_urlsafe(50), "DJANGO_SETTINGS_MODULE": "upstream.settings"}


def logged(statement):
    """Return the last entry that the statement, run while an exception is handled, leaves in the log."""
    command = [sys.executable, "-c", PROGRAM.format(statement)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)  # noqa: S603  (our own)
    return json.loads(done.stderr.splitlines()[-1])


@pytest.mark.parametrize("logger", ['structlog.get_logger("ours")', 'logging.getLogger("django.request")'])
def test_an_exception_is_one_line_of_json_with_its_traceback_and_nothing_that_was_typed(logger):
    entry = logged(f'{logger}.exception("it-failed")')
    assert entry["event"] == "it-failed"
    assert entry["level"] == "error"
    assert "the reason" in json.dumps(entry["exception"])
    assert "plum jam" not in json.dumps(entry)


def test_a_refusal_is_one_line_without_a_traceback():
    entry = logged('logging.getLogger("django.request").warning("Not Found: /x", exc_info=True)')
    assert entry["event"] == "Not Found: /x"
    assert "exception" not in entry

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
try:
    raise ValueError("the reason")
except ValueError:
    {}
"""


def environment():
    lines = [line for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line and not line.startswith("#")]
    examples = dict(line.split("=", 1) for line in lines)
    return os.environ | examples | {"SECRET_KEY": secrets.token_urlsafe(50), "DJANGO_SETTINGS_MODULE": "upstream.settings"}


@pytest.mark.parametrize("logger", ['structlog.get_logger("ours")', 'logging.getLogger("django.request")'])
def test_an_exception_is_one_line_of_json_with_its_traceback(logger):
    command = [sys.executable, "-c", PROGRAM.format(f'{logger}.exception("it-failed")')]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)  # noqa: S603  (our own)
    entry = json.loads(done.stderr.splitlines()[-1])
    assert entry["event"] == "it-failed"
    assert entry["level"] == "error"
    assert "the reason" in json.dumps(entry["exception"])

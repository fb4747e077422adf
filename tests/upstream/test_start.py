"""What a process of the web has to load before it answers."""

import os
import subprocess
import sys

HEAVY = {"numpy", "scipy"}
START = f"import sys, django; django.setup(); import upstream.urls; print(*{HEAVY} & set(sys.modules))"


def test_the_web_starts_without_the_mathematics():
    environment = {**os.environ, "UPSTREAM_ENV": "test", "DJANGO_SETTINGS_MODULE": "upstream.settings"}
    started = subprocess.run(  # noqa: S603  (our own interpreter, and the text above)
        [sys.executable, "-c", START], env=environment, capture_output=True, text=True, check=True
    )
    assert started.stdout.split() == []

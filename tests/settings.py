"""The settings of the tests, so that a bare `pytest` needs nothing in the environment."""

import os

os.environ["UPSTREAM_ENV"] = "test"

from upstream.settings import *  # noqa: F403  (the mode has to be set first, and settings are a namespace)

# Slow on purpose everywhere else.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

STATICFILES_DIRS += [BASE_DIR / "node_modules/axe-core"]  # noqa: F405  (the browser tests have pages checked by it)
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405  (WhiteNoise warns when the folder is missing, as it is in a fresh clone)

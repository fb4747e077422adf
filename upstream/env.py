"""The environment variables that configure Upstream, read once and typed.

`.env.example` and the README's configuration table are held against VARIABLES by a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit


class Mode(StrEnum):
    """How this process runs. Anything that is not said to be otherwise is production."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    DEMO = "demo"
    TEST = "test"


class ConfigurationError(Exception):
    """A variable is missing or cannot be read. The message names it."""


@dataclass(frozen=True)
class Variable:
    """One environment variable: its default outside production, and whether production needs it."""

    name: str
    help: str
    default: str = ""
    required: bool = False


VARIABLES = (
    Variable("UPSTREAM_ENV", "production, development, demo or test", default="production"),
    Variable("SECRET_KEY", "Django's secret key, 50 random characters or more", default="insecure-" + "x" * 50, required=True),
    Variable(
        "DATABASE_URL",
        "postgres://user:password@host:5432/name. Unset outside production: an embedded PostgreSQL under var/",
        required=True,
    ),
    Variable("REDIS_URL", "redis://host:6379/0. Unset outside production: a broker made of files under var/", required=True),
    Variable("ALLOWED_HOSTS", "host names the site answers to, separated by commas", default="127.0.0.1,localhost", required=True),
    Variable("SITE_URL", "the site's address, as written in emails", default="http://127.0.0.1:8000", required=True),
    Variable(
        "EMAIL_URL",
        "smtp://user:password@host:587?tls=1, or file:folder to write messages to a folder",
        default="file:var/mail",
        required=True,
    ),
    Variable("EMAIL_FROM", "the sender of every email", default="Upstream Collaborative <upstream@example.org>", required=True),
    Variable("SUPPORT_EMAIL", "the address that people are told to write to for help", default="help@example.org", required=True),
    Variable("MEDIA_ROOT", "private folder for uploaded files and issued letters", default="var/media"),
    Variable("CLAMD_URL", "where clamd scans uploaded files for malware: tcp://host:3310 or unix:/path. Unset: they are not scanned"),
    Variable("TRUSTED_PROXIES", "how many proxies in front of the site set X-Forwarded-For", default="0"),
)


def read(values: Mapping[str, str]) -> dict[str, str]:
    """Return every variable with its value or default.

    Raises ConfigurationError when production lacks a required variable, or UPSTREAM_ENV is not a known mode.
    """
    found = {variable.name: values.get(variable.name) or variable.default for variable in VARIABLES}
    if found["UPSTREAM_ENV"] not in list(Mode):
        message = f"UPSTREAM_ENV is {found['UPSTREAM_ENV']!r}. Set it to one of: {', '.join(Mode)}."
        raise ConfigurationError(message)
    if found["UPSTREAM_ENV"] == Mode.PRODUCTION:
        missing = [variable.name for variable in VARIABLES if variable.required and not values.get(variable.name)]
        if missing:
            message = f"Production needs these environment variables, which are not set: {', '.join(missing)}. See .env.example."
            raise ConfigurationError(message)
    if not found["TRUSTED_PROXIES"].isdecimal():
        message = f"TRUSTED_PROXIES is {found['TRUSTED_PROXIES']!r}. Set it to a whole number, 0 when there is no proxy."
        raise ConfigurationError(message)
    return found


def split(name: str, url: str) -> tuple[SplitResult, int | None]:
    """Return the parts of an address, and its port. Raises ConfigurationError naming the variable when the port is no number."""
    parts = urlsplit(url)
    try:
        return parts, parts.port
    except ValueError as error:
        message = f"{name} cannot be read: its port is not a number."
        raise ConfigurationError(message) from error


def database(url: str) -> dict[str, Any]:
    """Turn a postgres:// address into Django's database settings; ?sslmode=require and the like are handed to libpq.

    Raises ConfigurationError for any other scheme.
    """
    parts, port = split("DATABASE_URL", url)
    if parts.scheme not in {"postgres", "postgresql"}:
        message = "DATABASE_URL must start with postgres:// because Upstream runs on PostgreSQL only."
        raise ConfigurationError(message)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def scanner(url: str) -> tuple[str, int] | str | None:
    """Return where clamd listens: a host and port, the path of a socket, or None for an empty address.

    Raises ConfigurationError for any other scheme.
    """
    parts, port = split("CLAMD_URL", url)
    if parts.scheme == "tcp" and parts.hostname:
        return parts.hostname, port or 3310
    if parts.scheme == "unix" and parts.path:
        return parts.path
    if url:
        message = "CLAMD_URL must start with tcp:// or unix:"
        raise ConfigurationError(message)
    return None


def email(url: str) -> dict[str, object]:
    """Turn an smtp:// or file: address into Django's EMAIL_ settings. Raises ConfigurationError for any other scheme."""
    parts, port = split("EMAIL_URL", url)
    if parts.scheme == "file":
        return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": parts.path}
    if parts.scheme != "smtp":
        message = "EMAIL_URL must start with smtp:// or file:"
        raise ConfigurationError(message)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": port or 25,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": dict(parse_qsl(parts.query)).get("tls") == "1",
    }

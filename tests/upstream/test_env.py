import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from upstream import env

ROOT = Path(__file__).parent.parent.parent
PRODUCTION = {variable.name: "x" for variable in env.VARIABLES if variable.required}
# What a production site sets, with nothing else from this machine but what Python needs to start.
SITE = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "0123456789" * 6,
    "DATABASE_URL": "postgres://upstream:secret@db.example:5433/upstream",
    "REDIS_URL": "redis://redis.example:6379/0",
    "ALLOWED_HOSTS": "upstream.example",
    "SITE_URL": "https://upstream.example",
    "EMAIL_URL": "smtp://mail.example:587?tls=1",
    "EMAIL_FROM": "Upstream <upstream@example.org>",
    "SUPPORT_EMAIL": "help@example.org",
}


def manage(*arguments, **variables):
    return subprocess.run(  # noqa: S603  (our own command)
        [sys.executable, "-W", "error", "manage.py", *arguments],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


def example_lines():
    return [line for line in (ROOT / ".env.example").read_text().splitlines() if line and not line.startswith("#")]


def test_the_example_file_names_every_variable_in_the_order_of_env_py():
    names = [line.partition("=")[0] for line in example_lines()]
    names.remove("POSTGRES_PASSWORD")  # which docker-compose.yml reads, not Upstream
    assert names == [variable.name for variable in env.VARIABLES]


@pytest.mark.parametrize("secret", ["SECRET_KEY", "POSTGRES_PASSWORD"])
def test_the_example_file_gives_no_secret_that_somebody_could_leave_in_place(secret):
    assert f"{secret}=" in example_lines()


@pytest.mark.parametrize("name", PRODUCTION)
def test_production_names_the_variable_that_is_missing(name):
    with pytest.raises(env.ConfigurationError, match=rf"not set: {name}\. See \.env\.example"):
        env.read(PRODUCTION | {name: ""})


def test_production_names_every_missing_variable_at_once():
    with pytest.raises(env.ConfigurationError, match=", ".join(PRODUCTION)):
        env.read({})


@pytest.mark.parametrize("mode", ["development", "demo", "test"])
def test_nothing_needs_to_be_set_outside_production(mode):
    assert env.read({"UPSTREAM_ENV": mode})["SITE_URL"] == "http://127.0.0.1:8000"


def test_a_mode_that_does_not_exist_is_refused_by_name():
    with pytest.raises(env.ConfigurationError, match="UPSTREAM_ENV is 'staging'"):
        env.read({"UPSTREAM_ENV": "staging"})


def test_a_database_address_is_taken_apart():
    found = env.database("postgres://up%40:pa%2Fss@db.example:5433/upstream?sslmode=require")
    assert found == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "upstream",
        "USER": "up@",
        "PASSWORD": "pa/ss",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


@pytest.mark.parametrize("url", ["sqlite:///upstream.db", "mysql://host/upstream", "upstream"])
def test_no_database_but_postgresql_is_accepted(url):
    with pytest.raises(env.ConfigurationError, match="DATABASE_URL must start with postgres://"):
        env.database(url)


@pytest.mark.parametrize(("function", "name"), [(env.database, "DATABASE_URL"), (env.email, "EMAIL_URL"), (env.scanner, "CLAMD_URL")])
def test_a_port_that_is_not_a_number_is_refused_by_name(function, name):
    scheme = {"DATABASE_URL": "postgres", "EMAIL_URL": "smtp", "CLAMD_URL": "tcp"}[name]
    with pytest.raises(env.ConfigurationError, match=rf"{name}.*port"):
        function(f"{scheme}://host:port/upstream")


def test_a_mail_address_is_taken_apart():
    found = env.email("smtp://us%40er:pass@mail.example:587?tls=1")
    assert found == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "mail.example",
        "EMAIL_PORT": 587,
        "EMAIL_HOST_USER": "us@er",
        "EMAIL_HOST_PASSWORD": "pass",
        "EMAIL_USE_TLS": True,
    }


def test_mail_can_go_to_a_folder():
    assert env.email("file:var/mail")["EMAIL_FILE_PATH"] == "var/mail"


def test_any_other_way_to_send_mail_is_refused():
    with pytest.raises(env.ConfigurationError, match="EMAIL_URL must start with"):
        env.email("https://mail.example")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("tcp://av.example:3311", ("av.example", 3311)),
        ("tcp://av.example", ("av.example", 3310)),
        ("unix:/run/clamd", "/run/clamd"),
        ("", None),
    ],
)
def test_the_address_of_a_scanner_is_taken_apart(url, found):
    assert env.scanner(url) == found


@pytest.mark.parametrize("url", ["http://av.example:3310", "av.example:3310", "tcp:", "unix:"])
def test_any_other_way_to_a_scanner_is_refused(url):
    with pytest.raises(env.ConfigurationError, match="CLAMD_URL must start with tcp:// or unix:"):
        env.scanner(url)


def test_a_number_of_proxies_that_is_not_a_number_is_refused_by_name():
    with pytest.raises(env.ConfigurationError, match="TRUSTED_PROXIES is 'two'"):
        env.read({"UPSTREAM_ENV": "test", "TRUSTED_PROXIES": "two"})


def test_the_deployment_check_has_nothing_to_say_about_production():
    done = manage("check", "--deploy", "--fail-level", "WARNING", **SITE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_a_process_without_its_variables_stops_with_the_names_and_no_secret():
    done = manage("check", PATH=os.environ["PATH"], SECRET_KEY="not-to-be-shown")
    assert done.returncode == 1
    assert re.search(r"Production needs these environment variables, which are not set: DATABASE_URL, REDIS_URL", done.stderr)
    assert "not-to-be-shown" not in done.stderr


def test_the_readme_tells_of_every_variable_what_env_py_tells():
    rows = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `")]
    defaults = {variable.name: f"`{variable.default}`" if variable.default else "unset" for variable in env.VARIABLES}
    needs = defaults | {variable.name: "required" for variable in env.VARIABLES if variable.required}
    assert rows == [f"| `{variable.name}` | {needs[variable.name]} | {variable.help} |" for variable in env.VARIABLES]


@pytest.mark.parametrize("variable", env.VARIABLES, ids=lambda variable: variable.name)
def test_docker_compose_hands_every_variable_on_and_stops_without_a_required_one(variable):
    compose = (ROOT / "docker-compose.yml").read_text()
    assert re.search(rf"^    {variable.name}: \S", compose, re.MULTILINE)
    assert (f"${{{variable.name}:?" in compose) == variable.required

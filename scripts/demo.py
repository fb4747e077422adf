"""Run the whole site with invented councils: database, web server and worker, until Ctrl-C. `make demo` calls this."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import NoReturn
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parent.parent
VAR = ROOT / "var"
FIRST_PORT = 8000
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 60  # seconds, for the web server to answer and for each process to end


def take_port() -> socket.socket:
    """Listen on the first port from 8000 on that nobody has, at once: preparing takes a while, in which another demo may start."""
    for port in range(FIRST_PORT, FIRST_PORT + 100):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
        except OSError:
            listener.close()
        else:
            return listener
    sys.exit(f"Every port from {FIRST_PORT} to {FIRST_PORT + 99} is taken.")


def say(text: str) -> None:
    """Print at once, also when the output goes to a file."""
    print(text, flush=True)


def prepare() -> None:
    """Bring the database and the static files up to date. Every step may run again."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    say("Preparing the database.")
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("sync_roles")
    say("Loading the councils and the invented programme (a moment the first time).")
    for command in ("load_councils", "load_demo"):
        call_command(command, stdout=StringIO())
    say("Collecting the static files.")
    call_command("collectstatic", interactive=False, verbosity=0)
    connections.close_all()
    for option, folder in settings.CELERY_BROKER_TRANSPORT_OPTIONS.items():
        if "folder" in option:
            Path(str(folder)).mkdir(exist_ok=True)


@contextmanager
def embedded_database() -> Iterator[None]:
    """Keep the embedded PostgreSQL running, unless DATABASE_URL names a real one."""
    from django.conf import settings

    if settings.DATABASES["default"]["ENGINE"] != "upstream.embedded":
        yield
        return
    from upstream.embedded import server

    say("Starting PostgreSQL under var/.")
    server.start()
    try:
        yield
    finally:
        server.stop()


@contextmanager
def running(name: str, command: str, *sockets: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python module with its arguments as a child that logs to var/log/ and gets the sockets, and end it with the block."""
    log = VAR / "log" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    # A session of its own keeps Ctrl-C from it: we end it ourselves, once.
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603  (our own command)
            [sys.executable, "-m", *command.split()],
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=ROOT,
            pass_fds=[each.fileno() for each in sockets],
        )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)


def stop_if_dead(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """End the demo, with the last of its log, when one of the processes has ended by itself."""
    for name, child in children.items():
        if child.poll() is not None:
            log = VAR / "log" / f"{name}.log"
            sys.exit("\n".join([f"The {name} process stopped. The end of {log}:", *log.read_text().splitlines()[-20:]]))


def answers(address: str) -> bool:
    """Return whether the site is up."""
    try:
        with urlopen(f"{address}/healthz", timeout=5) as response:  # noqa: S310  (our own address)
            return bool(response.status == 200)  # noqa: PLR2004  (everybody knows 200)
    except (URLError, TimeoutError):
        return False


def introduce(address: str) -> None:
    """Print where everything is."""
    from upstream.home.demo import PEOPLE

    width = max(len(person.title) for person in PEOPLE.values())
    say(f"\nUpstream is running at {address}\n\nSign in with one click (these links exist in the demo only):\n")
    for who, person in PEOPLE.items():
        say(f"  {person.title:{width}}  {address}/demo/sign-in/{who}/")
    say("\nMail is in the office's outbox, and in var/mail. Logs are in var/log. Press Ctrl-C to stop.")


def serve(address: str, listener: socket.socket) -> NoReturn:
    """Run the web server and the worker until a signal comes or one of them ends."""
    web = f"gunicorn upstream.wsgi --bind fd://{listener.fileno()} --workers 2 --threads 4 --no-control-socket --access-logfile -"
    worker = "celery -A upstream worker --beat --schedule var/celerybeat-schedule-demo --concurrency 2 --without-gossip --without-mingle"
    with running("web", web, listener) as gunicorn, running("worker", f"{worker} --loglevel INFO") as celery:
        children = {"web": gunicorn, "worker": celery}
        until = time.monotonic() + PATIENCE
        while not answers(address):
            stop_if_dead(children)
            if time.monotonic() > until:
                sys.exit(f"The web server does not answer. See {VAR / 'log'}.")
            time.sleep(0.2)
        introduce(address)
        while True:
            stop_if_dead(children)
            time.sleep(1)


def interrupt(*_: object) -> NoReturn:
    """Leave through every `finally`, and let no second Ctrl-C cut that short."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    say("\nStopping. It takes a few seconds.")
    raise KeyboardInterrupt


def main() -> None:
    """Run the demo. Everything that was started has ended when this returns."""
    VAR.mkdir(exist_ok=True)
    lock = (VAR / "demo.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("The demo already runs from this folder.")
    for number in SIGNALS:
        signal.signal(number, interrupt)
    listener = take_port()
    port = listener.getsockname()[1]
    if port != FIRST_PORT:
        say(f"Port {FIRST_PORT} is taken, so the site takes {port}.")
    address = f"http://127.0.0.1:{port}"
    os.environ |= {"UPSTREAM_ENV": "demo", "SITE_URL": address, "DJANGO_SETTINGS_MODULE": "upstream.settings"}
    import django

    django.setup()
    try:
        with embedded_database():
            prepare()
            serve(address, listener)
    except KeyboardInterrupt:
        say("Stopped. `make demo` starts it again with everything as you left it.")


if __name__ == "__main__":
    main()

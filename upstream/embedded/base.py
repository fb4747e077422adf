"""Django's PostgreSQL backend, with the embedded server started on the first connection."""

from typing import Any

import psycopg2
from django.db.backends.postgresql import base

from upstream.embedded import server


class DatabaseWrapper(base.DatabaseWrapper):
    """The database that serves when DATABASE_URL is not set."""

    def get_connection_params(self) -> dict[str, Any]:
        """Fill in where the embedded server listens, and make the main database when it is missing."""
        where = server.address()
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

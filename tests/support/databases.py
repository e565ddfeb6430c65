"""The embedded PostgreSQL of a whole run of tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from parley.store.embedded import embedded_server
from parley.store.migrate import migrate

_NO_NEED_TO_SURVIVE = "fsync = off", "synchronous_commit = off", "full_page_writes = off"


@contextmanager
def migrated_database(folder: Path) -> Iterator[str]:
    """The URL of an embedded PostgreSQL that trades safety for speed."""
    with embedded_server(folder) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            for setting in _NO_NEED_TO_SURVIVE:
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")
        migrate(server.url)
        yield server.url

"""Brings a database to this version's schema with the numbered files in `migrations/` (yoyo-migrations)."""

import time
from importlib.resources import as_file, files

import psycopg
import yoyo
from psycopg.pq import PGconn, Ping

from parley.domain.errors import ParleyError
from parley.store.database import CONNECT_SECONDS

_MIGRATING = 0x7061726C6579  # "parley": one migrating process at a time, over all machines
RECOVERY_SECONDS = 60.0
"""A database that says it is starting up, or recovering from a crash, is waited for."""
LOOK_SECONDS = 0.2
_SILENT = f"it takes connections and does not answer, or is out of reach (for {CONNECT_SECONDS} s)."
_REMEDY = "Start it, or correct PARLEY_DATABASE_URL; without it Parley brings its own."
_FOLDER = files("parley.store") / "migrations"


class DatabaseUnreachableError(ParleyError):
    """The database cannot be reached."""

    def __init__(self, said: str, remedy: str) -> None:
        self.said = said
        super().__init__(f"The database cannot be reached: {said}\n{remedy}")


class NewerSchemaError(ParleyError):
    """This database was written by a newer Parley. Install that version, or restore a backup made by this one."""


def migrate(database_url: str) -> list[str]:
    """Applies what is missing and returns the names of what was applied. Safe to run from several processes at once.

    Our lock is a session's, so it is gone when its process is; yoyo's own is a row that stays behind after `kill -9`,
    which is why it is broken here before use.
    """
    with _connected(database_url) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_MIGRATING,))
        missing = _missing(guard)
        if missing:
            _apply(database_url)
        return missing


def pending(database_url: str) -> list[str]:
    """The names of the migrations that `migrate` would apply now; [] when the schema is up to date."""
    with _connected(database_url) as connection:
        return _missing(connection)


def _connected(database_url: str) -> psycopg.Connection[tuple[str]]:
    """Raises DatabaseUnreachableError; of one that hangs after CONNECT_SECONDS."""
    try:
        return _connect(database_url)
    except psycopg.errors.ConnectionTimeout as error:
        raise DatabaseUnreachableError(_SILENT, _REMEDY) from error
    except psycopg.OperationalError:
        _wait_for_recovery(database_url)
    try:
        return _connect(database_url)
    except psycopg.OperationalError as error:
        raise DatabaseUnreachableError(str(error).strip(), _REMEDY) from error


def _connect(database_url: str) -> psycopg.Connection[tuple[str]]:
    return psycopg.connect(database_url, autocommit=True, connect_timeout=CONNECT_SECONDS)


def _wait_for_recovery(database_url: str) -> None:
    """A process that starts in the very moment after a crash of the database must not give up for that."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    asked = psycopg.conninfo.make_conninfo(database_url, connect_timeout=CONNECT_SECONDS).encode()
    while PGconn.ping(asked) == Ping.REJECT and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)


def _missing(connection: psycopg.Connection[tuple[str]]) -> list[str]:
    known = sorted(file.name.removesuffix(".sql") for file in _FOLDER.iterdir() if file.name.endswith(".sql"))
    applied = _applied(connection)
    if applied - set(known):
        raise NewerSchemaError
    return [name for name in known if name not in applied]


def _applied(connection: psycopg.Connection[tuple[str]]) -> set[str]:
    try:
        return {name for (name,) in connection.execute("SELECT migration_id FROM _yoyo_migration")}
    except psycopg.errors.UndefinedTable:
        return set()


def _apply(database_url: str) -> None:
    with as_file(_FOLDER) as folder:
        migrations = yoyo.read_migrations(str(folder))
    with yoyo.get_backend(database_url.replace("postgresql://", "postgresql+psycopg://", 1)) as backend:
        backend.break_lock()
        with backend.lock():
            backend.apply_migrations(backend.to_apply(migrations))

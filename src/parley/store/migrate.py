"""Brings a database to this version's schema with the numbered files in `migrations/` (yoyo-migrations)."""

import time
from importlib.resources import as_file, files
from typing import NamedTuple

import psycopg
import yoyo
from psycopg.pq import PGconn, Ping
from psycopg.rows import args_row

from parley.domain.errors import ParleyError
from parley.store.database import CONNECT_SECONDS

_MIGRATING = 0x7061726C6579  # "parley": one migrating process at a time, over all machines
RECOVERY_SECONDS = 60.0
"""A database that says it is starting up, or recovering from a crash, is waited for."""
LOOK_SECONDS = 0.2
SILENT_LOOKS = 3
"""In a row, and it is not there. As it notices a crash, it may say nothing for a moment."""
_SILENT = f"it takes connections and does not answer, or is out of reach (for {CONNECT_SECONDS} s)."
_REMEDY = "Start it, or correct PARLEY_DATABASE_URL; without it Parley brings its own."
_PLACE = """
SELECT current_database(), current_user, current_setting('server_encoding'), current_schema(),
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
       coalesce(has_table_privilege(to_regclass('_yoyo_migration'), 'SELECT'), true),
       coalesce((SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('_yoyo_migration')), true),
       CASE WHEN current_schema() IS NULL THEN format('CREATE SCHEMA AUTHORIZATION %I', current_user)
            ELSE format('GRANT CREATE ON SCHEMA %I TO %I', current_schema(), current_user) END
"""
_FOLDER = files("parley.store") / "migrations"


class DatabaseUnreachableError(ParleyError):
    """The database cannot be reached."""

    def __init__(self, said: str, remedy: str) -> None:
        self.said = said
        super().__init__(f"The database cannot be reached: {said}\n{remedy}")


class _Place(NamedTuple):
    """Where the tables are, or will be."""

    database: str
    user: str
    encoding: str
    schema: str | None
    may_create: bool
    may_read: bool
    is_owner: bool
    remedy: str
    """For a user who may not create: a statement, with names as SQL wants them."""


class DatabaseUnfitError(ParleyError):
    """The database answers, and Parley cannot keep its data there."""


class NewerSchemaError(ParleyError):
    """This database was written by a newer Parley. Install that version, or restore a backup made by this one."""


def migrate(database_url: str) -> list[str]:
    """Applies what is missing and returns the names of what was applied. Safe to run from several processes at once.

    Our lock is a session's, so it is gone when its process is; yoyo's own is a row that stays behind after `kill -9`,
    which is why it is broken here before use. Raises DatabaseUnreachableError, DatabaseUnfitError, NewerSchemaError.
    """
    with _connected(database_url) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_MIGRATING,))
        place = _place(guard)
        missing = _missing(guard)
        if missing:
            _check_may_change(place)
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
    return psycopg.connect(database_url, autocommit=True, connect_timeout=CONNECT_SECONDS, client_encoding="utf8")


def _wait_for_recovery(database_url: str) -> None:
    """A process that starts in the very moment after a crash of the database must not give up for that."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    asked = psycopg.conninfo.make_conninfo(database_url, connect_timeout=CONNECT_SECONDS).encode()
    silent = 0
    while silent < SILENT_LOOKS and time.monotonic() < deadline:
        said = PGconn.ping(asked)
        if said == Ping.OK:
            return
        silent = 0 if said == Ping.REJECT else silent + 1
        time.sleep(LOOK_SECONDS)


def _place(connection: psycopg.Connection[tuple[str]]) -> _Place:
    """Raises DatabaseUnfitError where not even what is there can be used."""
    with connection.cursor(row_factory=args_row(_Place)) as cursor:
        [place] = cursor.execute(_PLACE).fetchall()
    if place.encoding != "UTF8":
        raise DatabaseUnfitError(
            f"The database {place.database} keeps its text as {place.encoding}, which cannot hold every name and "
            "emoji. Name another in PARLEY_DATABASE_URL, made by "
            "CREATE DATABASE parley ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0."
        )
    if not place.may_read:
        raise DatabaseUnfitError(_anothers(place))
    return place


def _check_may_change(place: _Place) -> None:
    if not place.is_owner:
        raise DatabaseUnfitError(_anothers(place))
    if not place.may_create:
        where = f"schema {place.schema}" if place.schema else "any schema that it sees"
        raise DatabaseUnfitError(
            f"The user {place.user} may not make tables in {where} of the database {place.database}. "
            f"There, as the database's owner: {place.remedy};"
        )


def _anothers(place: _Place) -> str:
    return (
        f"Parley's tables in the database {place.database} belong to another user than {place.user}. "
        "Name their owner in PARLEY_DATABASE_URL, or another database."
    )


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

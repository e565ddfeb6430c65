"""The way to PostgreSQL: a pool of connections, transactions, and the named queries of `queries/*.sql`.

A query is called on a connection: `await sql.events.insert_events(connection, ids=[...], ...)`. The files are loaded by
aiosql; a query's parameters are keywords. JSON columns take and give Python values.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from importlib.resources import as_file, files
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias, TypeVar

import aiosql
import asyncpg
import msgspec
from aiosql.types import SQLOperationType
from asyncpg.protocol import protocol as driver

Connection: TypeAlias = asyncpg.pool.PoolConnectionProxy
"""What services hand to store functions: inside a transaction that the service opened, or for a single statement."""

T = TypeVar("T")


def is_lost(connection: Connection) -> bool:
    """Nothing can be done by it any more: its server is gone, and the pool has taken it back."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


UNAVAILABLE: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""A database that restarts, is full, contended, or a replica meanwhile: none of it is the fault of the call."""

CONFUSED: tuple[type[Exception], ...] = (asyncpg.InternalClientError,)
"""A connection that does not know any more where it stands. Another one may do better, so it is borne as if the
database were away; but it is not told so, for whoever reads the log must see where it came from."""
AWAY: tuple[type[Exception], ...] = (OSError, TimeoutError, *UNAVAILABLE, *CONFUSED)
"""Whatever says that it was not reached at all, or not in time, too."""


def is_away(error: BaseException) -> bool:
    """Is it told so? Also where it is the cause of another."""
    if isinstance(error, CONFUSED):
        return False
    return isinstance(error, AWAY) or (error.__cause__ is not None and is_away(error.__cause__))


def is_in_doubt(error: Exception) -> bool:
    """May what was on its way be stored all the same? What PostgreSQL reports as an ERROR it has rolled back. What ends
    the connection (FATAL, PANIC, or no word at all) or the waiting may come between a commit and its answer.
    """
    if isinstance(error, asyncpg.PostgresError) and error.severity_en is not None:
        return bool(error.severity_en != "ERROR")
    return isinstance(error, AWAY)


DEADLOCKS_IN_A_ROW = 3
"""More than that is no coincidence."""
CONNECTIONS = 10
CONNECT_SECONDS = 10
"""For one connection; a server that hangs takes it and says nothing."""
WAITING_SECONDS = 20
"""For a free connection of the pool; then TimeoutError, and the door says: come again."""
GIVE_UP_SECONDS = 1
"""For the server to end a statement that nobody waits for any more; then its connection is closed instead."""
STATEMENT_SECONDS = 30
"""No query of ours may take longer: a stuck one must not hold its connection for ever."""
STANDING_SECONDS = 30.0
"""Between two statements of a transaction; then the server closes its connection, and what a process that stands still
has locked is free again."""
PONDERING_SECONDS = 3600
"""The same for a rehearsal, which computes for long and locks no row."""


class Database:
    """A pool. Made by `open_database`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One connection, one transaction: committed at the end, rolled back by an exception."""
        async with self.connection() as connection, transaction_of(connection):
            yield connection

    @asynccontextmanager
    async def rehearsal(self) -> AsyncIterator[Connection]:
        """As `transaction`, but always rolled back: whatever is done in it leaves no trace. For reading, and for long
        thought between two statements.
        """
        async with self.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                await connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{PONDERING_SECONDS}s'")
                yield connection
            finally:
                await _roll_back(connection, transaction)

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """`work` in a transaction; from the start again when PostgreSQL had to break a deadlock."""
        return await _run(self.transaction, work)

    async def run_single(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """As `run`, for `work` that writes by a single statement: that is a transaction, without a round trip to begin
        it and another one to commit it.
        """
        return await _run(self.connection, work)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """One connection without a transaction: each statement is one.

        Who is told to end while the server hangs ends, whatever error that leads to on the way.
        """
        connection = await self._pool.acquire(timeout=WAITING_SECONDS)
        try:
            yield connection
        except Exception as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError from error
            raise
        finally:
            with suppress(TimeoutError):  # it is closed then, and what ended the work is told
                await self._pool.release(connection, timeout=GIVE_UP_SECONDS)


@asynccontextmanager
async def transaction_of(connection: Connection) -> AsyncIterator[None]:
    """Of a connection in hand; a savepoint where it is in a transaction already.

    asyncpg's own waits half a minute to roll back at a server that hangs: whoever is told to end would end no sooner.
    """
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    except BaseException:
        await _roll_back(connection, transaction)
        raise
    await _commit(connection, transaction)


async def _commit(connection: Connection, transaction: asyncpg.transaction.Transaction) -> None:
    """Or close the connection, if there is no answer: whether a savepoint's part stands is not known then, and whoever
    went on could do it a second time.
    """
    try:
        await transaction.commit()
    except asyncpg.PostgresError:
        raise
    except BaseException:
        if not is_lost(connection):
            connection.terminate()
        raise


async def _roll_back(connection: Connection, transaction: asyncpg.transaction.Transaction) -> None:
    """Or close the connection, if the server does not listen: that rolls back, too, and nobody goes on within a
    transaction of which a part still stands. What ended the work is told.
    """
    try:
        async with asyncio.timeout(GIVE_UP_SECONDS):
            await transaction.rollback()
    except Exception:  # noqa: BLE001  whatever it was: nothing is left of the transaction without its connection
        if not is_lost(connection):
            connection.terminate()


async def _run(
    opened: Callable[[], AbstractAsyncContextManager[Connection]], work: Callable[[Connection], Awaitable[T]]
) -> T:
    for _ in range(DEADLOCKS_IN_A_ROW):
        try:
            async with opened() as connection:
                return await work(connection)
        except asyncpg.DeadlockDetectedError:
            continue
    async with opened() as connection:
        return await work(connection)


@asynccontextmanager
async def open_database(
    url: str, connections: int = CONNECTIONS, standing_seconds: float = STANDING_SECONDS
) -> AsyncIterator[Database]:
    """Opens a pool on `url` and closes it at the end."""
    pool = await asyncpg.create_pool(
        url,
        init_size=1,  # and no floor to restore: asyncpg would log a traceback for every try while the database is away
        min_size=0,
        max_size=connections,
        init=_prepare_connection,
        reset=_leave_as_it_is,
        timeout=CONNECT_SECONDS,
        command_timeout=STATEMENT_SECONDS,
        server_settings={
            "application_name": "parley",
            "timezone": "UTC",
            "idle_in_transaction_session_timeout": f"{standing_seconds * 1000:.0f}",
        },
    )
    try:
        yield Database(pool)
    finally:
        with suppress(TimeoutError):  # it cuts the connections itself then
            async with asyncio.timeout(GIVE_UP_SECONDS):
                await pool.close()


async def _leave_as_it_is(_: asyncpg.Connection) -> None:
    """Nobody changes a session's settings, listens or takes a session's lock on a connection of the pool.

    asyncpg's own clean-up costs a round trip each time; a transaction left open is rolled back without it.
    """


ARRAYS: tuple[type, ...] = (list, tuple, set, frozenset, type({}.keys()), type({}.values()))
"""What is handed over as an array.

asyncpg asks of every element of every array whether it is an array itself, and finds out by an abstract class: with
forty elements a message that was 10 µs of a worker's 200. It is told the types instead (docs/adr/0011).
"""
vars(driver)["IterableABC"] = ARRAYS


async def _prepare_connection(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=_encode_jsonb, decoder=_decode_jsonb, schema="pg_catalog", format="binary"
    )
    await connection.set_type_codec(
        "json", encoder=msgspec.json.encode, decoder=msgspec.json.decode, schema="pg_catalog", format="binary"
    )


def _encode_jsonb(value: object) -> bytes:
    return b"\x01" + msgspec.json.encode(value)


def _decode_jsonb(raw: bytes) -> Any:
    return msgspec.json.decode(raw[1:])


class Query:
    """One named query. Called with a connection and its parameters by name; `wanted` is their order in the SQL.

    aiosql's own call hands rows out one by one through an async generator; the hot paths want them all at once.
    """

    def __init__(self, text: str, wanted: tuple[str, ...], operation: SQLOperationType) -> None:
        self.text = text
        self.wanted = wanted
        self._run = _RUN[operation]

    async def __call__(self, connection: Connection, **parameters: Any) -> Any:
        """Rows, the first row or None (`^`), the first value (`$`) or the status text (`!`)."""
        if len(parameters) != len(self.wanted):
            raise TypeError(f"the query wants {', '.join(self.wanted)}; it was given {', '.join(parameters)}")
        return await self._run(connection)(self.text, *[parameters[name] for name in self.wanted])


_RUN: dict[SQLOperationType, Callable[[Connection], Callable[..., Awaitable[Any]]]] = {
    SQLOperationType.SELECT: attrgetter("fetch"),
    SQLOperationType.SELECT_ONE: attrgetter("fetchrow"),
    SQLOperationType.SELECT_VALUE: attrgetter("fetchval"),
    SQLOperationType.INSERT_UPDATE_DELETE: attrgetter("execute"),
}


class Queries:
    """The named queries, a file each: `sql.events.insert_events`. A file is read when it is first asked for."""

    def __getattr__(self, name: str) -> Any:
        with as_file(files("parley.store") / "queries" / f"{name}.sql") as path:
            if not path.is_file():
                raise AttributeError(f"there is no queries/{name}.sql")
            read = _read(path)
        setattr(self, name, read)
        return read

    def all(self) -> Iterator[tuple[str, str, Query]]:
        """Every (file, name, query)."""
        with as_file(files("parley.store") / "queries") as folder:
            for file in sorted(path.stem for path in folder.glob("*.sql")):
                for name, query in vars(getattr(self, file)).items():
                    yield file, name, query

    def read_all(self) -> None:
        """For whoever runs for long: as it starts, so that a newer version on the disk changes nothing under it."""
        for _ in self.all():
            pass


def _read(path: Path) -> SimpleNamespace:
    loaded = aiosql.from_path(path, "asyncpg", mandatory_parameters=False)
    order = loaded.driver_adapter.var_sorted
    names = [name for name in loaded.available_queries if not name.endswith("_cursor")]
    return SimpleNamespace(
        **{
            name: Query(getattr(loaded, name).sql, tuple(order[name]), getattr(loaded, name).operation)
            for name in names
        }
    )


sql = Queries()

"""A sender as one usually builds it in Python: a job for each message, in a public queue of jobs on PostgreSQL.

A job reads its message with its customer, looks whether the customer has opted in, calls, and writes down the
provider's id. It knows no window, template, price, limit, reason or event. After a crash a job is done again, so that a
message may come twice.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import asyncpg
import procrastinate
import psycopg.conninfo
from pgqueuer import PgQueuer
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode
from procrastinate.types import JSONDict

from bench.support.callbacks import phone
from bench.support.requests import filled, provider_id
from parley.domain.http import HttpRequest
from parley.providers.http import HttpClient

AT_ONCE = 100
"""Jobs."""
FETCHERS = 8
"""Workers of Procrastinate, each of which fetches one job at a time: it is fastest with so many (1, 2, 4, 8, 16)."""
DRAINERS = 2
"""Workers of PgQueuer, by the same."""
CONNECTIONS = 20
PATIENCE_SECONDS = 60.0
TASK = "send"
TABLES = """
CREATE TABLE customers (
    id bigint PRIMARY KEY, phone text NOT NULL, first_name text NOT NULL, opted_in boolean NOT NULL
);
CREATE TABLE messages (
    id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, state text NOT NULL DEFAULT 'planned',
    provider_message_id text, sent_at timestamptz
);
CREATE INDEX messages_at_provider ON messages (provider_message_id);
"""
_MESSAGE = """
SELECT c.phone, c.first_name, c.opted_in FROM messages m JOIN customers c ON c.id = m.customer_id
WHERE m.id = $1 AND m.state = 'planned'
"""
_SENT = "UPDATE messages SET state = 'accepted', provider_message_id = $2, sent_at = now() WHERE id = $1"


class JobQueue(Protocol):
    """What is asked of a queue of jobs."""

    async def put(self, numbers: range) -> None:
        """A job for each."""

    async def drain(self) -> None:
        """Its workers, all in this process, do all that wait."""


Work = Callable[[int], Awaitable[None]]
"""A job's, by its number."""


class Sender:
    """Its messages are numbered, and so are its customers."""

    def __init__(self, pool: asyncpg.Pool, client: HttpClient, form: HttpRequest) -> None:
        self._pool = pool
        self._client = client
        self._form = form

    async def send(self, number: int) -> None:
        """The work of one job."""
        row = await self._pool.fetchrow(_MESSAGE, number)
        assert row is not None
        assert row["opted_in"]
        request = filled(self._form, row["phone"].encode(), row["first_name"].encode())
        answer = await self._client.send(request, PATIENCE_SECONDS)
        await self._pool.execute(_SENT, number, provider_id(answer))


class _Procrastinate:
    """By psycopg."""

    def __init__(self, app: procrastinate.App, work: Work) -> None:
        @app.task(name=TASK)
        async def do(number: int) -> None:
            await work(number)

        self._app = app
        self._task = do

    async def put(self, numbers: range) -> None:
        jobs: list[JSONDict] = [{"number": number} for number in numbers]
        await self._task.batch_defer_async(*jobs)

    async def drain(self) -> None:
        await asyncio.gather(*(self._work() for _ in range(FETCHERS)))

    async def _work(self) -> None:
        await self._app.run_worker_async(concurrency=AT_ONCE // FETCHERS, wait=False, install_signal_handlers=False)


class _PgQueuer:
    """By asyncpg."""

    def __init__(self, pool: asyncpg.Pool, work: Work) -> None:
        self._pool = pool
        self._work = work

    async def put(self, numbers: range) -> None:
        jobs: list[bytes | None] = [str(number).encode() for number in numbers]
        await Queries.from_asyncpg_pool(self._pool).enqueue([TASK] * len(jobs), jobs, [0] * len(jobs))

    async def drain(self) -> None:
        await asyncio.gather(*(self._work_off() for _ in range(DRAINERS)))

    async def _work_off(self) -> None:
        worker = PgQueuer.from_asyncpg_pool(self._pool)

        @worker.entrypoint(TASK)
        async def do(job: Job) -> None:
            await self._work(int(job.payload or b""))

        await worker.run(batch_size=AT_ONCE // 2, max_concurrent_tasks=AT_ONCE, mode=QueueExecutionMode.drain)


@asynccontextmanager
async def _by_procrastinate(pool: asyncpg.Pool, url: str, work: Work) -> AsyncIterator[JobQueue]:
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    database = await pool.fetchval("SELECT current_database()")
    conninfo = psycopg.conninfo.make_conninfo(url, dbname=database)
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=CONNECTIONS, max_size=CONNECTIONS)
    )
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        yield _Procrastinate(app, work)


@asynccontextmanager
async def _by_pgqueuer(pool: asyncpg.Pool, _: str, work: Work) -> AsyncIterator[JobQueue]:
    logging.getLogger("pgqueuer").setLevel(logging.WARNING)
    await Queries.from_asyncpg_pool(pool).install()
    yield _PgQueuer(pool, work)


class Usual:
    """A sender with its queue, in a database of its own."""

    def __init__(self, pool: asyncpg.Pool, queue: JobQueue, customers: int) -> None:
        self._pool = pool
        self._queue = queue
        self._customers = customers
        self._planned = 0

    async def plan(self, count: int) -> None:
        """So many messages, each with its job. Customers take turns."""
        numbers = range(self._planned, self._planned + count)
        self._planned = numbers.stop
        rows = ((number, number % self._customers) for number in numbers)
        await self._pool.copy_records_to_table("messages", records=rows, columns=("id", "customer_id"))
        await self._queue.put(numbers)

    async def send_all(self) -> None:
        """In this process."""
        await self._queue.drain()

    async def check_accepted(self) -> None:
        """All are, each under an id of its own."""
        accepted = await self._pool.fetchval("SELECT count(DISTINCT provider_message_id) FROM messages")
        assert accepted == self._planned, (accepted, self._planned)


OPEN: Mapping[str, Callable[[asyncpg.Pool, str, Work], AbstractAsyncContextManager[JobQueue]]] = {
    "procrastinate": _by_procrastinate,
    "pgqueuer": _by_pgqueuer,
}
"""The queues by their names, which are those of their databases, too."""


@asynccontextmanager
async def usual_sender(
    name: str, url: str, client: HttpClient, form: HttpRequest, customers: int
) -> AsyncIterator[Usual]:
    """On the server at `url`, by the queue of that name."""
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    async with asyncpg.create_pool(url, database=name, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        await pool.execute(TABLES)
        rows = ((number, phone(number), f"Name {number}", True) for number in range(customers))
        await pool.copy_records_to_table("customers", records=rows)
        async with OPEN[name](pool, url, Sender(pool, client, form).send) as queue:
            yield Usual(pool, queue, customers)

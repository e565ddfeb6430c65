"""Telling workers that something may be due, through PostgreSQL's LISTEN and NOTIFY."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import structlog

from parley.store.database import CONNECT_SECONDS, STATEMENT_SECONDS, Connection, sql

CHANNEL = "parley_work"
RECONNECT_SECONDS = 2.0
"""While the database is away the loops look by themselves, so a late wake-up costs a second, not a message."""


async def announce_work(connection: Connection) -> None:
    """When this transaction commits, every listening worker looks. Many in one transaction are one."""
    await sql.work.announce(connection, channel=CHANNEL)


@asynccontextmanager
async def listening(url: str, on_wake: Callable[[], None]) -> AsyncIterator[None]:
    """Calls `on_wake` whenever work was announced; connects again when the connection is lost."""
    task = asyncio.create_task(_listen(url, on_wake))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _listen(url: str, on_wake: Callable[[], None]) -> None:
    log = structlog.get_logger()
    while True:
        try:
            await _listen_once(url, on_wake)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("wake-ups lost, connecting again", error=str(error))
        await asyncio.sleep(RECONNECT_SECONDS)


async def _listen_once(url: str, on_wake: Callable[[], None]) -> None:
    gone = asyncio.Event()
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS)
    connection.add_termination_listener(lambda _: gone.set())
    try:
        await connection.add_listener(CHANNEL, lambda *_: on_wake())
        on_wake()  # what was announced while nobody listened
        await gone.wait()
    finally:
        connection.terminate()  # a word of farewell could wait for a server that hangs, past the order to end

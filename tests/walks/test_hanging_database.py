"""A database that takes connections and says nothing: whoever is told to end does, and nothing is half done."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress

import asyncpg
import pytest

from parley.services.bear_with import bear_with
from parley.store import database as store
from parley.store.database import AWAY, GIVE_UP_SECONDS, Connection, Database, is_lost, open_database, transaction_of
from tests.walks.outage import Outage

SLACK = 2.0
"""Seconds that a busy machine may take for what takes some milliseconds."""


async def test_who_is_told_to_end_within_a_savepoint_does(outage: Outage) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with outage.database.transaction() as connection, transaction_of(connection):
            begun.set()
            await connection.execute("SELECT pg_sleep(60)")

    working = asyncio.create_task(work())
    await begun.wait()
    await asyncio.sleep(0.1)  # it is on its way
    with outage.frozen():
        working.cancel()
        began = time.monotonic()
        await asyncio.wait([working], timeout=60)
        assert time.monotonic() - began < 3 * GIVE_UP_SECONDS + SLACK
    assert working.cancelled()


async def test_nobody_goes_on_after_a_savepoint_that_was_not_rolled_back(outage: Outage) -> None:
    with suppress(asyncpg.InterfaceError):  # there is nothing left to commit
        async with outage.database.transaction() as connection:
            with pytest.raises(ValueError, match="broken"):
                await _break_off(outage, connection)
            assert is_lost(connection)
    async with outage.database.connection() as connection:
        assert await connection.fetchval("SELECT name FROM projects") == "Shop"


async def _break_off(outage: Outage, connection: Connection) -> None:
    with ExitStack() as frozen:
        async with transaction_of(connection):
            await connection.execute("UPDATE projects SET name = 'Half done'")
            frozen.enter_context(outage.frozen())
            raise ValueError("broken")


async def test_work_whose_savepoint_ended_without_an_answer_is_not_done_again(
    outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its part may stand in the transaction: row by row it would be done twice."""
    monkeypatch.setattr(store, "STATEMENT_SECONDS", 1.0)
    done: list[Sequence[int]] = []
    async with open_database(outage.url) as database:
        with pytest.raises(AWAY):
            await _work_and_freeze(outage, database, done)
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT name FROM projects") == "Shop"
    assert done == [[1, 2]]


async def _work_and_freeze(outage: Outage, database: Database, done: list[Sequence[int]]) -> None:
    async with database.transaction() as connection:

        async def work(rows: Sequence[int]) -> list[int]:
            await connection.execute("UPDATE projects SET name = name || '!'")
            if not done:
                frozen = ExitStack()
                frozen.enter_context(outage.frozen())
                asyncio.get_running_loop().call_later(2 * store.STATEMENT_SECONDS, frozen.close)
            done.append(rows)
            return list(rows)

        async def park(row: int) -> None:
            done.append([row])

        try:
            await bear_with(connection, [1, 2], work, park)
        finally:
            assert is_lost(connection)  # whoever went on by it could do a part twice


async def test_who_is_told_to_end_does_whatever_error_that_leads_to(database: Database) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with database.connection():
            begun.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise TimeoutError from None  # as the driver does

    working = asyncio.create_task(work())
    await begun.wait()
    working.cancel()
    await asyncio.wait([working])
    assert working.cancelled()


async def test_who_is_not_told_to_end_hears_of_the_error(database: Database) -> None:
    with pytest.raises(TimeoutError):
        async with database.connection():
            raise TimeoutError

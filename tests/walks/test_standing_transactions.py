"""A process stands still within a transaction: what it has locked is soon free for the others."""

import asyncio

import pytest

from parley.store.database import AWAY, PONDERING_SECONDS, STANDING_SECONDS, STATEMENT_SECONDS, Database, open_database
from tests.walks.walk import Walk

LOCK = "LOCK TABLE messages"
SHORT, LONG = 0.3, 20.0


async def _lock(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(LOCK)


async def _stand_still(database: Database, other: Database) -> None:
    """Until the other has got what it holds."""
    async with database.transaction() as connection:
        await connection.execute(LOCK)
        got, _ = await asyncio.wait([asyncio.create_task(_lock(other))], timeout=LONG)
        assert got
        await connection.execute(LOCK)


async def test_others_get_what_it_holds_and_it_is_told(walk: Walk, own_database_url: str) -> None:
    async with open_database(own_database_url, standing_seconds=SHORT) as database:
        with pytest.raises(AWAY):
            await _stand_still(database, walk.database)
        await _lock(database)


async def test_who_goes_on_in_time_is_left_alone(own_database_url: str) -> None:
    async with open_database(own_database_url, standing_seconds=LONG) as database, database.transaction() as connection:
        await connection.execute(LOCK)
        await asyncio.sleep(SHORT)
        await connection.execute(LOCK)


async def test_a_rehearsal_may_think_for_longer_and_only_a_rehearsal(own_database_url: str) -> None:
    asked = "SELECT current_setting('idle_in_transaction_session_timeout')::interval"
    async with open_database(own_database_url, connections=1, standing_seconds=SHORT) as database:
        async with database.rehearsal() as connection:
            await asyncio.sleep(3 * SHORT)
            assert (await connection.fetchval(asked)).total_seconds() == PONDERING_SECONDS
        async with database.transaction() as connection:
            assert (await connection.fetchval(asked)).total_seconds() == SHORT


async def test_nobody_waits_for_it_longer_than_for_a_statement(walk: Walk) -> None:
    async with walk.database.connection() as connection:
        told = await connection.fetchval("SELECT current_setting('idle_in_transaction_session_timeout')::interval")
    assert told.total_seconds() == STANDING_SECONDS <= STATEMENT_SECONDS

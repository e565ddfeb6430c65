"""Two transactions that wait for each other: PostgreSQL ends one, and its work is done again."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from parley.store.database import DEADLOCKS_IN_A_ROW, Connection, Database

LOCK = "SELECT pg_advisory_xact_lock(7, $1)"


async def test_who_was_ended_begins_again_and_both_are_done(database: Database) -> None:
    both_hold_one = asyncio.Barrier(2)
    tries: Counter[int] = Counter()

    async def lock(mine: int, other: int) -> int:
        async def work(connection: Connection) -> int:
            tries[mine] += 1
            await connection.execute(LOCK, mine)
            if tries[mine] == 1:
                await both_hold_one.wait()
            await connection.execute(LOCK, other)
            return mine

        return await database.run(work)

    assert set(await asyncio.gather(lock(1, 2), lock(2, 1))) == {1, 2}
    assert sorted(tries.values()) == [1, 2]


@pytest.mark.parametrize("run", [Database.run, Database.run_single])
async def test_who_is_ended_every_time_is_told(
    database: Database, run: Callable[[Database, Callable[[Connection], Awaitable[None]]], Awaitable[None]]
) -> None:
    tries: Counter[str] = Counter()

    async def work(connection: Connection) -> None:
        tries["so far"] += 1
        await connection.execute("DO $$ BEGIN RAISE deadlock_detected; END $$")

    with pytest.raises(asyncpg.DeadlockDetectedError):
        await run(database, work)
    assert tries["so far"] == DEADLOCKS_IN_A_ROW + 1

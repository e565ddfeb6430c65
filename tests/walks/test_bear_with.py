"""Work on a batch: a row that breaks it is parked, a connection that is gone is not blamed on a row."""

from collections.abc import Sequence

import pytest

from parley.services.bear_with import bear_with
from parley.store.database import AWAY, Connection, Database, open_database


async def test_a_row_that_breaks_its_work_is_parked_and_the_others_are_done(database: Database) -> None:
    parked: list[int] = []

    async def work(rows: Sequence[int]) -> list[int]:
        return [6 // row for row in rows]

    async def park(row: int) -> None:
        parked.append(row)

    async with database.transaction() as connection:
        assert await bear_with(connection, [1, 0, 2], work, park) == [6, 3]
    assert parked == [0]


@pytest.mark.parametrize("breaks_at", [2, 1], ids=["in the batch", "row by row"])
async def test_a_lost_connection_parks_nothing(database_url: str, database: Database, breaks_at: int) -> None:
    """A database that was killed must not look like a hundred broken messages."""

    parked: list[int] = []
    async with open_database(database_url) as own:
        with pytest.raises(AWAY):
            await _work_on_two(own, database, breaks_at, parked)
    assert parked == []


@pytest.mark.parametrize("code", ["53100", "53200", "57014", "40001"], ids=["disk", "memory", "cancelled", "contended"])
async def test_what_is_the_fault_of_no_row_parks_nothing(database: Database, code: str) -> None:
    parked: list[int] = []
    with pytest.raises(AWAY):
        await _work_that_raises(database, code, parked)
    assert parked == []


async def _work_that_raises(database: Database, code: str, parked: list[int]) -> None:
    async with database.transaction() as connection:

        async def work(rows: Sequence[int]) -> list[int]:
            await connection.execute(f"DO $$ BEGIN RAISE 'no' USING ERRCODE = '{code}'; END $$")
            return list(rows)

        async def park(row: int) -> None:
            parked.append(row)

        await bear_with(connection, [1, 2], work, park)


async def _work_on_two(own: Database, other: Database, breaks_at: int, parked: list[int]) -> None:
    async with own.transaction() as connection:

        async def work(rows: Sequence[int]) -> list[int]:
            if len(rows) == breaks_at:
                await _cut(connection, other)
            await connection.execute("SELECT 1 / $1::int", len(rows) - 2)  # the whole batch breaks, a row does not
            return list(rows)

        async def park(row: int) -> None:
            parked.append(row)

        await bear_with(connection, [1, 2], work, park)


async def _cut(connection: Connection, other: Database) -> None:
    pid = await connection.fetchval("SELECT pg_backend_pid()")
    async with other.connection() as killer:
        await killer.execute("SELECT pg_terminate_backend($1, 5000)", pid)
    await connection.execute("SELECT")

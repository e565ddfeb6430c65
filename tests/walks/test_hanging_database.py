"""A database that takes connections and says nothing: whoever is told to end does, and nothing is half done."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress

import asyncpg
import pytest

from parley.access import Role
from parley.domain.clock import system_clock
from parley.services import callers, track_together
from parley.services.bear_with import bear_with
from parley.services.callers import Caller
from parley.services.track import Done, Result, TrackEvent
from parley.services.track_together import TrackTogether
from parley.store import database as store
from parley.store.database import AWAY, GIVE_UP_SECONDS, Connection, Database, is_lost, open_database, transaction_of
from parley.store.projects import project_by_id
from tests.support.builders import NOW, ids
from tests.walks.outage import Outage

HOUR = 3600
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


async def test_tracking_that_it_holds_up_is_refused_and_not_stored(
    outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(track_together, "ANSWER_SECONDS", 0.5)
    async with outage.database.connection() as connection:
        project = await project_by_id(connection, await outage.project_id())
    assert project is not None
    caller, tracking = Caller(project, Role.EDITOR, "a key"), TrackTogether(outage.database)

    async def track(number: int) -> tuple[Result, ...]:
        return await tracking.track(caller, [TrackEvent(ids("jana"), "view", {"number": number}, NOW)], NOW)

    with outage.frozen():
        told = await asyncio.gather(*(track(number) for number in range(50)), return_exceptions=True)
    assert {type(one) for one in told} == {TimeoutError}
    assert await track(50) == (Done(),)
    async with outage.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM events WHERE type = 'view'") == 1


async def test_nobody_waits_for_a_statement_to_end_to_be_known(outage: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "STATEMENT_SECONDS", HOUR)
    monkeypatch.setattr(callers, "LOOK_SECONDS", 0.5)
    async with open_database(outage.url) as database:
        known = callers.Callers(database, system_clock)
        for look in (
            known.identify("t", callers.Credentials("k")),
            known.by_key(callers.Credentials("k")),
            known.project("t"),
        ):
            with outage.frozen():
                looking = asyncio.create_task(look)
                await asyncio.wait([looking], timeout=60)
            with pytest.raises(TimeoutError):
                looking.result()

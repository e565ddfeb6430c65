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
from parley.services.definitions import project_definitions, remembered
from parley.services.track import Done, Result, TrackEvent
from parley.services.track_together import LANES, TOGETHER, TrackTogether
from parley.store import database as store
from parley.store.database import AWAY, GIVE_UP_SECONDS, Connection, Database, is_lost, open_database, transaction_of
from parley.store.projects import project_by_id
from tests.support.builders import NOW, ids
from tests.walks.outage import Outage

HOUR = 3600
CALLS = 50
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


@pytest.mark.parametrize("known", [False, True])
async def test_tracking_that_it_holds_up_is_refused_and_counts_once_when_it_comes_again(
    outage: Outage, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """`known`: stored by a single statement, which may be on its way when nobody waits for it any more."""
    caller = await _editor(outage)

    async def track(tracking: TrackTogether, numbers: range) -> list[tuple[Result, ...] | BaseException]:
        events = [TrackEvent(ids("jana"), "view", {"number": one}, event_id=f"view-{one}") for one in numbers]
        return await asyncio.gather(*(tracking.track(caller, [one], NOW) for one in events), return_exceptions=True)

    if known:
        await _remember(outage, caller)
        await track(TrackTogether(outage.database), range(1))
    before = await _connected(outage)
    async with open_database(outage.url) as database:
        with outage.frozen(), monkeypatch.context() as hasty:
            hasty.setattr(track_together, "ANSWER_SECONDS", 0.5)
            told = await track(TrackTogether(database), range(1, CALLS))
    assert {type(one) for one in told} == {TimeoutError}
    assert len({id(one) for one in told}) <= LANES  # who is in the queue hears of it with them, and is not tried
    async with asyncio.timeout(60):
        while await _connected(outage) - before:  # noqa: ASYNC110  what was on its way when it was cut
            await asyncio.sleep(0.01)
    assert await _stored(outage) <= set(range(LANES * TOGETHER + 1 if known else 0))
    assert await track(TrackTogether(outage.database), range(CALLS)) == [(Done(),)] * CALLS
    assert await _stored(outage) == set(range(CALLS))


async def _editor(outage: Outage) -> Caller:
    async with outage.database.connection() as connection:
        project = await project_by_id(connection, await outage.project_id())
    assert project is not None
    return Caller(project, Role.EDITOR, "a key")


async def _remember(outage: Outage, caller: Caller) -> None:
    async with outage.database.connection() as connection:
        await project_definitions(connection, caller.project.id)
    assert remembered(caller.project.id) is not None


async def _connected(outage: Outage) -> set[int]:
    async with outage.database.connection() as connection:
        rows = await connection.fetch("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    return {row["pid"] for row in rows}


async def _stored(outage: Outage) -> set[int]:
    """The numbers of the views; each is there once."""
    async with outage.database.connection() as connection:
        rows = await connection.fetch("SELECT properties FROM events WHERE type = 'view'")
    numbers = {row["properties"]["number"] for row in rows}
    assert len(rows) == len(numbers)
    return numbers


def test_the_seconds_that_the_docs_tell_are_not_exceeded() -> None:
    """Each wait ends with its connection, for which another second is given."""
    told = track_together.ANSWER_SECONDS + GIVE_UP_SECONDS
    assert callers.LOOK_SECONDS + GIVE_UP_SECONDS <= 6
    assert told <= 6
    assert told + track_together.PROBE_SECONDS + GIVE_UP_SECONDS <= 8  # who is in the queue


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

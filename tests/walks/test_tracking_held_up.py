"""A call that takes too long at a database that answers is refused alone, and one that nobody waits for is left."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import pytest

from parley.access import Role
from parley.domain.customer import CustomerIds
from parley.services import track_together
from parley.services.callers import Caller
from parley.services.create_project import create_project
from parley.services.resolve_customers import TooBusyError, resolve_customers
from parley.services.track import Done, Result, TrackEvent
from parley.services.track_together import LANES, TOGETHER, TrackTogether
from parley.store.projects import project_by_id
from tests.support.builders import NOW, ids
from tests.walks.outage import Outage

HOUR = 3600
LOCKED = ids("jana")


async def _caller(outage: Outage) -> Caller:
    async with outage.database.connection() as connection:
        project = await project_by_id(connection, await outage.project_id())
    assert project is not None
    return Caller(project, Role.EDITOR, "a key")


@asynccontextmanager
async def _locked(outage: Outage, caller: Caller) -> AsyncIterator[None]:
    """Who is tracked by the plain way waits."""
    async with outage.database.transaction() as connection:
        await resolve_customers(connection, caller.project.id, [LOCKED], NOW)
        yield


def _view(who: CustomerIds, **properties: Any) -> TrackEvent:
    return TrackEvent(who, "view", properties, NOW)


async def test_whoever_is_behind_one_that_waits_for_a_lock_is_stored(
    outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(track_together, "ANSWER_SECONDS", 2.0)
    monkeypatch.setattr(track_together, "PROBE_SECONDS", HOUR)  # however busy the machine is
    caller, tracking = await _caller(outage), TrackTogether(outage.database)
    other = Caller((await create_project(outage.database, "Other", NOW)).project, Role.EDITOR, "a key")

    async def track(caller: Caller, who: CustomerIds) -> tuple[Result, ...]:
        return await tracking.track(caller, [_view(who)], NOW)

    async def retry() -> list[tuple[Result, ...] | BaseException]:
        """A batch for each lane, held up by the same customer, and another project's calls behind them."""
        held_up = [LOCKED, *(ids(f"r{one}") for one in range(1, TOGETHER))] * LANES
        calls = [track(caller, one) for one in held_up]
        calls += [track(other, ids(f"o{one}")) for one in range(3)]
        return await asyncio.gather(*calls, return_exceptions=True)

    async with _locked(outage, caller):
        first = await retry()
        assert [type(one) for one in first[: LANES * TOGETHER]] == [TimeoutError] * LANES * TOGETHER
        assert first[LANES * TOGETHER :] == [(Done(),)] * 3
        again = await retry()  # one by one
    locked = [place * TOGETHER for place in range(LANES)]
    assert [place for place, one in enumerate(again) if isinstance(one, TimeoutError)] == locked
    assert [one for one in again if not isinstance(one, TimeoutError)] == [(Done(),)] * (len(again) - LANES)


async def test_who_has_given_up_is_passed_over_when_the_others_are_stored_one_by_one(outage: Outage) -> None:
    caller, tracking = await _caller(outage), TrackTogether(outage.database)

    def track(who: CustomerIds, text: str) -> asyncio.Task[tuple[Result, ...]]:
        return asyncio.create_task(tracking.track(caller, [_view(who, text=text)], NOW))

    async with _locked(outage, caller):
        bad, good, gone = track(LOCKED, "\x00"), track(LOCKED, "fine"), track(ids("peter"), "fine")
        await outage.somebody_waits_for_a_lock()
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await gone
    with pytest.raises(asyncpg.PostgresError):
        await bad
    assert await good == (Done(),)
    assert await tracking.track(caller, [_view(ids("eva"))], NOW) == (Done(),)  # whoever was before it is through
    async with outage.database.connection() as connection:
        names = await connection.fetch("SELECT value FROM addresses ORDER BY value")
    assert [row["value"] for row in names] == ["eva", "jana"]


async def test_who_could_not_be_answered_any_more_is_not_begun(outage: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it is told to come again, stored when the lock is free, and stored again when it comes."""
    caller, tracking = await _caller(outage), TrackTogether(outage.database)

    def order() -> Awaitable[tuple[Result, ...]]:
        return tracking.track(caller, [TrackEvent(LOCKED, "order", {})], NOW)

    async with _locked(outage, caller):
        with monkeypatch.context() as hasty:
            hasty.setattr(track_together, "PROBE_SECONDS", HOUR)  # however busy the machine is
            hasty.setattr(track_together, "ANSWER_SECONDS", 2.0)
            hasty.setattr(track_together, "WAITING_SECONDS", 3.5)
            held_up = LANES * TOGETHER
            told = await asyncio.gather(*(order() for _ in range(held_up + 1)), return_exceptions=True)
    assert [type(one) for one in told] == [TimeoutError] * held_up + [TooBusyError]
    assert await order() == (Done(),)  # behind whoever waits for the lock
    async with outage.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM events WHERE type = 'order'") == 1

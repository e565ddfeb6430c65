"""Tracking calls of one moment share a transaction: each waits only for the one that takes it along.

A transaction costs the server four round trips however much is in it, so under load most of them are saved; a call that
comes alone is stored at once. Nothing runs while nothing comes.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from parley.services.callers import Caller
from parley.services.resolve_customers import TooBusyError
from parley.services.track import Call, Command, Refused, Result, track
from parley.store.database import WAITING_SECONDS, Database

TOGETHER = 8
"""Calls in one transaction: with 50 commands each, more would gain little and hold its customers for long."""
LANES = 2
"""Transactions at once: while PostgreSQL works on one, this process prepares the other."""
ANSWER_SECONDS = 5.0
"""A database that takes longer for a transaction hangs: it is rolled back, and whoever waits is told to come again."""
WAITING = 1_000
"""Calls in hand; past that the door says 503."""


class _Waiting(msgspec.Struct, frozen=True):
    call: Call
    told: "asyncio.Future[tuple[Result, ...]]"


class TrackTogether:
    """What stands between the doors and `track`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: deque[_Waiting] = deque()
        self._lanes: set[asyncio.Task[None]] = set()

    async def track(self, caller: Caller, commands: Sequence[Command | Refused], now: datetime) -> tuple[Result, ...]:
        """Durable when it returns. Raises TooBusyError, TimeoutError, and what the database raised about this call."""
        if len(self._queue) >= WAITING:
            raise TooBusyError
        waiting = _Waiting(Call(caller, commands, now), asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if len(self._lanes) < LANES:
            lane = asyncio.create_task(self._drain())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)
        async with asyncio.timeout(WAITING_SECONDS):
            return await waiting.told

    async def _drain(self) -> None:
        while batch := self._next():
            await self._store(batch)

    def _next(self) -> list[_Waiting]:
        """Those of the first one's project that come next. Who has given up waiting is passed over."""
        batch: list[_Waiting] = []
        while self._queue and len(batch) < TOGETHER:
            if batch and self._queue[0].call.caller.project.id != batch[0].call.caller.project.id:
                break
            one = self._queue.popleft()
            if not one.told.done():
                batch.append(one)
        return batch

    async def _store(self, batch: Sequence[_Waiting]) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                results = await track(self._database, [one.call for one in batch])
        except (OSError, TimeoutError) as error:  # the database is away for all of them, also for those behind
            away = [*batch, *self._queue]
            self._queue.clear()
            _settle(away, [error] * len(away))
        except Exception as error:  # noqa: BLE001  told to whoever waits for this call
            await self._one_by_one(batch, error)
        else:
            _settle(batch, results)

    async def _one_by_one(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """One that the database will not take must not hold back its neighbours."""
        if len(batch) == 1:
            _settle(batch, [error])
            return
        structlog.get_logger().warning("tracking calls failed together, storing them one by one", error=repr(error))
        for one in batch:
            await self._store([one])


def _settle(batch: Sequence[_Waiting], outcomes: Sequence[tuple[Result, ...] | Exception]) -> None:
    for one, outcome in zip(batch, outcomes, strict=True):
        if one.told.done():
            continue  # whoever waited has gone
        if isinstance(outcome, Exception):
            one.told.set_exception(outcome)
        else:
            one.told.set_result(outcome)

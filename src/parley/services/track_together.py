"""Tracking calls of one moment share a transaction: each waits only for the one that takes it along.

A transaction costs the server four round trips however much is in it, so under load most of them are saved; a call that
comes alone is stored at once. Nothing runs while nothing comes.
"""

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from parley.services.callers import Caller
from parley.services.resolve_customers import TooBusyError
from parley.services.track import Call, Command, Refused, Result, track
from parley.store.database import WAITING_SECONDS, Database
from parley.store.projects import answers

TOGETHER = 8
"""Calls in one transaction: with 50 commands each, more would gain little and hold its customers for long."""
LANES = 2
"""Transactions at once: while PostgreSQL works on one, this process prepares the other."""
ANSWER_SECONDS = 5.0
"""For a transaction; then its callers are told to come again. It is rolled back, unless it is stored all the same: a
statement that is a transaction of its own, or a commit, may be on its way already, and nobody can call that back.
"""
PROBE_SECONDS = 1.0
"""For the database to answer at all, after such a transaction. If it does not, all who wait are told to come again."""
APART_SECONDS = 30.0
"""If it does, each call has its own transaction for this long, also those that come again: one that waits for a lock or
takes long is then refused alone.
"""
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
        self._apart_until = -math.inf

    async def track(self, caller: Caller, commands: Sequence[Command | Refused], now: datetime) -> tuple[Result, ...]:
        """Durable when it returns. Raises TooBusyError, TimeoutError, and what the database raised about this call."""
        if len(self._queue) >= WAITING:
            raise TooBusyError
        waiting = _Waiting(Call(caller, commands, now), asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if sum(not lane.done() for lane in self._lanes) < LANES:  # one that has just ended may still be among them
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
        together = 1 if asyncio.get_running_loop().time() < self._apart_until else TOGETHER
        while self._queue and len(batch) < together:
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
        except (OSError, TimeoutError) as error:
            _settle(batch, [error] * len(batch))
            await self._look_after(error)
        except Exception as error:  # noqa: BLE001  told to whoever waits for this call
            await self._one_by_one(batch, error)
        else:
            _settle(batch, results)

    async def _look_after(self, error: Exception) -> None:
        """Was it the calls alone, or is the database away for those behind them, too?"""
        try:
            async with asyncio.timeout(PROBE_SECONDS), self._database.connection() as connection:
                await answers(connection)
        except Exception:  # noqa: BLE001  whatever keeps us from it now: they hear of what came first
            _settle(self._queue, [error] * len(self._queue))  # and are passed over
        else:
            self._apart_until = asyncio.get_running_loop().time() + APART_SECONDS

    async def _one_by_one(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """One that the database will not take must not hold back its neighbours."""
        if len(batch) == 1:
            _settle(batch, [error])
            return
        structlog.get_logger().warning("tracking calls failed together, storing them one by one", error=repr(error))
        for one in batch:
            if not one.told.done():
                await self._store([one])


def _settle(batch: Sequence[_Waiting], outcomes: Sequence[tuple[Result, ...] | Exception]) -> None:
    for one, outcome in zip(batch, outcomes, strict=True):
        if one.told.done():
            continue  # whoever waited has gone
        if isinstance(outcome, Exception):
            one.told.set_exception(outcome)
        else:
            one.told.set_result(outcome)

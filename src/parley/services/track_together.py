"""Tracking calls of one moment share a transaction: each waits only for the one that takes it along.

A transaction costs the server four round trips however much is in it, so under load most of them are saved; a call that
comes alone is stored at once. Nothing runs while nothing comes.
"""

import asyncio
import math
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
import structlog

from parley.services.callers import Caller
from parley.services.resolve_customers import TooBusyError
from parley.services.track import Call, Command, Refused, Result, track
from parley.store.database import WAITING_SECONDS, Database, is_in_doubt
from parley.store.events import store_nothing

TOGETHER = 8
"""Calls in one transaction: with 50 commands each, more would gain little and hold its customers for long."""
LANES = 2
"""Transactions at once: while PostgreSQL works on one, this process prepares the other."""
ANSWER_SECONDS = 5.0
"""For a transaction; then its callers are told to come again. It is rolled back, unless it is stored all the same: a
statement that is a transaction of its own, or a commit, may be on its way already, and nobody can call that back.
"""
PROBE_SECONDS = 1.0
"""After such a transaction, for one that stores nothing. If it takes longer, all who wait are told to come again."""
APART_SECONDS = 30.0
"""If it does not, each call has its own transaction for this long, also those that come again: one that waits for a
lock, takes long or costs its connection is then refused alone. As many as there are lanes hold up whoever is behind.
"""
WAITING = 1_000
"""Calls in hand; past that the door says 503."""


class _Waiting(msgspec.Struct, frozen=True):
    call: Call
    told: "asyncio.Future[tuple[Result, ...]]"
    until: float
    """By the loop's clock: whoever waits then goes."""
    is_apart: bool = False
    """Shares no transaction: it was in one that PostgreSQL refused."""


class TrackTogether:
    """What stands between the doors and `track`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: deque[_Waiting] = deque()
        self._lanes: set[asyncio.Task[None]] = set()
        self._apart_until = -math.inf

    async def track(self, caller: Caller, commands: Sequence[Command | Refused], now: datetime) -> tuple[Result, ...]:
        """Durable when it returns. Raises TooBusyError, or whatever the database raised: see `is_in_doubt`."""
        if len(self._queue) >= WAITING:
            raise TooBusyError
        loop = asyncio.get_running_loop()
        waiting = _Waiting(Call(caller, commands, now), loop.create_future(), loop.time() + WAITING_SECONDS)
        self._queue.append(waiting)
        if sum(not lane.done() for lane in self._lanes) < LANES:  # one that has just ended may still be among them
            lane = asyncio.create_task(self._drain())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)
        async with asyncio.timeout_at(waiting.until):
            return await waiting.told

    async def _drain(self) -> None:
        while batch := self._next():
            await self._store(batch)

    def _next(self) -> list[_Waiting]:
        """Those that come next and may share a transaction. Who has given up waiting is passed over; so is who may give
        up before the answer, and would then be stored all the same.
        """
        answered = asyncio.get_running_loop().time() + ANSWER_SECONDS
        batch: list[_Waiting] = []
        while self._queue and len(batch) < TOGETHER:
            if batch and not self._may_share(batch[0], self._queue[0]):
                break
            one = self._queue.popleft()
            if one.until < answered:
                _refuse([one], TooBusyError())
            elif not one.told.done():
                batch.append(one)
        return batch

    def _may_share(self, first: _Waiting, next_one: _Waiting) -> bool:
        if first.is_apart or next_one.is_apart or asyncio.get_running_loop().time() < self._apart_until:
            return False
        return first.call.caller.project.id == next_one.call.caller.project.id

    async def _store(self, batch: Sequence[_Waiting]) -> None:
        """Nothing that may be stored is tried again: an event without an id and a time would be two."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                results = await track(self._database, [one.call for one in batch])
        except Exception as error:  # noqa: BLE001  told to whoever waits for these calls
            if is_in_doubt(error):
                _refuse(batch, error)
                await self._look_after(error)
            elif len(batch) == 1:
                _refuse(batch, error)
            else:
                self._put_back(batch, error)
        else:
            _answer(batch, results)

    async def _look_after(self, error: Exception) -> None:
        """Was it the calls alone, or are those behind them held up, too?"""
        try:
            async with asyncio.timeout(PROBE_SECONDS), self._database.connection() as connection:
                await store_nothing(connection)
        except Exception:  # noqa: BLE001  whatever keeps us from it now: they hear of what came first
            _refuse(self._queue, error)  # and are passed over
        else:
            self._apart_until = asyncio.get_running_loop().time() + APART_SECONDS

    def _put_back(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """One that the database will not take must not hold back its neighbours."""
        structlog.get_logger().warning("tracking calls failed together, storing them one by one", error=repr(error))
        self._queue.extendleft(msgspec.structs.replace(one, is_apart=True) for one in reversed(batch))


def _answer(batch: Iterable[_Waiting], results: Iterable[tuple[Result, ...]]) -> None:
    for one, result in zip(batch, results, strict=True):
        if not one.told.done():  # else whoever waited has gone
            one.told.set_result(result)


def _refuse(batch: Iterable[_Waiting], error: Exception) -> None:
    for one in batch:
        if not one.told.done():
            one.told.set_exception(error)

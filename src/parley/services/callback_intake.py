"""Many callbacks at once share one transaction: each waits only for the one that takes it along."""

import asyncio
from collections.abc import Sequence

import msgspec
import structlog

from parley.domain.clock import Clock
from parley.services.receive_callbacks import Callback, receive_callbacks
from parley.store.database import Database

BATCH = 100
"""Callbacks in one transaction."""
WAITING = 10_000
"""Callbacks in hand that are not stored yet; past that the door says 503 and Sinch comes again later."""


class FullError(Exception):
    """Too many callbacks wait for the database."""


class _Waiting(msgspec.Struct, frozen=True):
    callback: Callback
    stored: "asyncio.Future[None]"


class CallbackIntake:
    """The queue between the door and the database. `run` belongs in a task."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(WAITING)
        self._log = structlog.get_logger()

    async def store(self, callback: Callback) -> None:
        """Durable when it returns. Raises FullError, or what the database raised."""
        waiting = _Waiting(callback, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull as error:
            raise FullError from error
        await waiting.stored

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._store(batch)

    async def _store(self, batch: Sequence[_Waiting]) -> None:
        """One that the database will not take must not hold back its neighbours: they are then stored one by one."""
        try:
            await receive_callbacks(self._database, [one.callback for one in batch], self._clock())
        except Exception as error:  # noqa: BLE001  told to whoever waits for this callback
            await self._after(batch, error)
            return
        for one in batch:
            _settle(one, None)

    async def _after(self, batch: Sequence[_Waiting], error: Exception) -> None:
        if len(batch) == 1:
            _settle(batch[0], error)
            return
        self._log.warning("a batch of callbacks failed, storing them one by one", error=repr(error))
        for one in batch:
            await self._store([one])


def _settle(one: _Waiting, error: Exception | None) -> None:
    if one.stored.done():
        return  # whoever waited has gone
    if error is None:
        one.stored.set_result(None)
    else:
        one.stored.set_exception(error)

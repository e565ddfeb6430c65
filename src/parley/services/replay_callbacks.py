"""Out of the spool and into the database as soon as it is back, in the order in which the callbacks came.

A segment leaves the disk after all of it is committed. One that was replayed half-way when the process died is replayed
again from its beginning: the same bytes are the same callback, so that changes nothing.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import structlog

from parley.domain.clock import Clock
from parley.services.callback_doors import Doors
from parley.services.callback_spool import Arrival, CallbackSpool, read_segment
from parley.services.receive_callbacks import Callback, receive_arrivals
from parley.services.secret_box import WrongKeyError
from parley.store.database import AWAY, Database
from parley.store.projects import answers
from parley.telemetry import REPLAYED

BATCH = 100
"""Callbacks in one transaction."""
BATCH_SPAN = timedelta(seconds=1)
"""Callbacks of one transaction share their time of receipt; it is never further off than this."""
LOOK_SECONDS = 0.5
"""How often it is asked whether the database is back, and looked at a spool that is not empty."""
IDLE_SECONDS = 5.0
"""How often an empty spool is looked at: another process may have died over it."""
PROBE_SECONDS = 5.0


class Reach:
    """Can this process reach the database? Whoever fails says so; only the replay finds it again.

    Meanwhile nobody else tries, so a database that does not even refuse keeps no callback waiting.
    """

    def __init__(self) -> None:
        self._lost = asyncio.Event()

    @property
    def is_lost(self) -> bool:
        """The last try did not get through."""
        return self._lost.is_set()

    def lose(self, error: Exception) -> None:
        """Something did not get through."""
        if not self.is_lost:
            structlog.get_logger().warning("the database is away, callbacks go to the spool", error=repr(error))
        self._lost.set()

    async def until_lost(self, seconds: float) -> None:
        """Waits for it, but no longer than that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._lost.wait()

    def find(self) -> None:
        """It answers."""
        structlog.get_logger().info("the database is back, the spool is replayed")
        self._lost.clear()


class CallbackReplay:
    """`run` belongs in a task."""

    def __init__(
        self,
        database: Database,
        doors: Doors,
        clock: Clock,
        spool: CallbackSpool,
        reach: Reach,
        on_kept: Callable[[], None],
    ) -> None:
        """`on_kept`: there is something to read."""
        self._on_kept = on_kept
        self._database = database
        self._doors = doors
        self._clock = clock
        self._spool = spool
        self._reach = reach

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self.step()
            except Exception:  # noqa: BLE001  whatever it was, the callbacks are still on disk and are tried again
                if not self._reach.is_lost:  # that has been told, once
                    structlog.get_logger().exception("the spool was not replayed")
            if self._reach.is_lost or self._spool.size > 0:
                await asyncio.sleep(LOOK_SECONDS)
            else:
                await self._reach.until_lost(IDLE_SECONDS)

    async def step(self) -> None:
        """Replays all that is sealed, when the database answers. Raises what the database raised."""
        await asyncio.to_thread(self._spool.measure, self._clock())
        if self._reach.is_lost:
            await self._probe()
        await asyncio.to_thread(self._spool.seal)
        if await asyncio.to_thread(self._spool.sealed):
            await self._replay()

    async def _probe(self) -> None:
        async with asyncio.timeout(PROBE_SECONDS), self._database.connection() as connection:
            await answers(connection)
        self._reach.find()

    async def _replay(self) -> None:
        with self._spool.replaying() as is_ours:
            if is_ours:
                for segment in await asyncio.to_thread(self._spool.sealed):
                    await self._replay_segment(segment)
        await asyncio.to_thread(self._spool.measure, self._clock())

    async def _replay_segment(self, path: Path) -> None:
        segment = await asyncio.to_thread(read_segment, path)
        for batch in _batches(segment.arrivals):
            await self._replay_batch(batch)
        for damage in segment.damage:
            structlog.get_logger().error("a part of the spool is damaged and was set aside", bytes=len(damage))
            await asyncio.to_thread(self._spool.set_damage_aside, path, damage)
            REPLAYED.labels("set_aside").inc()
        await asyncio.to_thread(path.unlink)

    async def _replay_batch(self, batch: Sequence[Arrival]) -> None:
        """One that the database will not take must not hold back its neighbours: they are then stored one by one."""
        try:
            await self._receive(batch)
        except AWAY as error:
            self._reach.lose(error)
            raise
        except Exception:  # noqa: BLE001  not the database's absence, so another try would end the same
            if len(batch) == 1:
                await self._set_aside(batch[0])
                return
            for one in batch:
                await self._replay_batch([one])

    async def _receive(self, batch: Sequence[Arrival]) -> None:
        """What would have been refused, had the database been there, is dropped now."""
        admitted = await receive_arrivals(self._database, self._doors, batch, batch[0].received_at)
        self._on_kept()
        for one in admitted:
            if isinstance(one, WrongKeyError):
                raise one
        stored = sum(isinstance(one, Callback) for one in admitted)
        REPLAYED.labels("stored").inc(stored)
        REPLAYED.labels("dropped").inc(len(batch) - stored)

    async def _set_aside(self, arrival: Arrival) -> None:
        structlog.get_logger().exception("a callback out of the spool was set aside")
        await asyncio.to_thread(self._spool.set_aside, arrival)
        REPLAYED.labels("set_aside").inc()


def _batches(arrivals: Sequence[Arrival]) -> Iterator[Sequence[Arrival]]:
    batch: list[Arrival] = []
    for arrival in arrivals:
        if batch and (len(batch) == BATCH or abs(arrival.received_at - batch[0].received_at) > BATCH_SPAN):
            yield batch
            batch = []
        batch.append(arrival)
    if batch:
        yield batch

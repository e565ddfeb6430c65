"""From the door to durable: into the database, or to the spool on disk while the database is away.

Many callbacks at once share one transaction, or one sync of the disk: each waits only for the one that takes it along.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import structlog

from parley.domain.clock import Clock
from parley.providers.signature import NotGenuine
from parley.services.callback_spool import Arrival, CallbackSpool, SpoolFullError
from parley.services.receive_callbacks import (
    Callback,
    KnownDoor,
    UnknownDoor,
    find_door,
    judge,
    kept_headers,
    receive_callbacks,
)
from parley.services.replay_callbacks import CallbackReplay, Reach
from parley.services.secret_box import SecretBox
from parley.store.database import AWAY, Database
from parley.telemetry import SPOOLED

BATCH = 100
"""Callbacks in one transaction."""
WAITING = 10_000
"""Callbacks in hand that are not stored yet; past that the door says 503 and Sinch comes again later."""
ANSWER_SECONDS = 5.0
"""A database that takes longer, for the door or for a batch, counts as away: a provider waits for our answer."""
DOORS_KEPT = 1000
"""Doors in memory, for the time without a database; the longest unused is dropped."""
STRANGERS_SHARE = 4
"""Callbacks that could not be checked fill at most this part (one in ...) of the spool: anybody can send them."""


class Taken(msgspec.Struct, frozen=True):
    """It is durable."""


class ComeAgain(msgspec.Struct, frozen=True):
    """It is not, and not the sender's fault."""

    sentence: str


_DOUBTFUL = ComeAgain("The signature is not the one we know, and the database that may know another is away.")
_FULL = ComeAgain("The database is away and the spool is full; send it again later.")
_BUSY = ComeAgain("Too many callbacks wait for the database; send it again later.")


class _Waiting(msgspec.Struct, frozen=True):
    arrival: Arrival
    callback: Callback | None
    """None for what came while the database was away."""
    stored: "asyncio.Future[Taken | ComeAgain]"


class CallbackIntake:
    """The queue between the door and what is durable. Made by `open_intake`."""

    def __init__(self, database: Database, box: SecretBox, clock: Clock, spool: CallbackSpool, reach: Reach) -> None:
        self._database = database
        self._box = box
        self._clock = clock
        self._spool = spool
        self._reach = reach
        self._doors: dict[str, KnownDoor] = {}
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(WAITING)
        self._log = structlog.get_logger()

    async def take(
        self, token: str, headers: Mapping[str, str], body: bytes
    ) -> Taken | ComeAgain | UnknownDoor | NotGenuine:
        """Durable when it says Taken. Raises what the database raised about this one callback."""
        arrival = Arrival(self._clock(), token, kept_headers(headers), body)
        try:
            admitted = await self._admit(arrival)
        except AWAY as error:
            self._reach.lose(error)
            admitted = None
        match admitted:
            case None:
                return await self._take_unseen(arrival)
            case Callback():
                return await self._store(arrival, admitted)
            case _:
                return admitted

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._store_batch(batch)

    async def _admit(self, arrival: Arrival) -> Callback | UnknownDoor | NotGenuine | None:
        """None while the database is away."""
        if self._reach.is_lost:
            return None
        async with asyncio.timeout(ANSWER_SECONDS):
            door = await find_door(self._database, arrival.token)
        if door is None:
            return UnknownDoor()
        self._remember(arrival.token, door)
        return judge(self._box, door, arrival.headers, arrival.body)

    def _remember(self, token: str, door: KnownDoor) -> None:
        self._doors.pop(token, None)
        self._doors[token] = door
        if len(self._doors) > DOORS_KEPT:
            del self._doors[next(iter(self._doors))]

    async def _take_unseen(self, arrival: Arrival) -> Taken | ComeAgain:
        """By what we remember of the door. Never a refusal for good: our memory may be older than the secret."""
        door = self._doors.get(arrival.token)
        if door is None:
            has_room = self._spool.size < self._spool.limit // STRANGERS_SHARE
            return await self._store(arrival, None) if has_room else _FULL
        if isinstance(judge(self._box, door, arrival.headers, arrival.body), NotGenuine):
            return _DOUBTFUL
        return await self._store(msgspec.structs.replace(arrival, is_genuine=True), None)

    async def _store(self, arrival: Arrival, callback: Callback | None) -> Taken | ComeAgain:
        waiting = _Waiting(arrival, callback, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull:
            return _BUSY
        return await waiting.stored

    async def _store_batch(self, batch: Sequence[_Waiting]) -> None:
        """All of it to one place: half a batch in the database would overtake the other half."""
        callbacks = [one.callback for one in batch if one.callback is not None]
        if self._reach.is_lost or len(callbacks) < len(batch):
            await self._spool_batch(batch)
            return
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await receive_callbacks(self._database, callbacks, self._clock())
        except AWAY as error:
            self._reach.lose(error)
            await self._spool_batch(batch)
        except Exception as error:  # noqa: BLE001  told to whoever waits for this callback
            await self._one_by_one(batch, error)
        else:
            _settle(batch, Taken())

    async def _one_by_one(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """One that the database will not take must not hold back its neighbours."""
        if len(batch) == 1:
            _settle(batch, error)
            return
        self._log.warning("a batch of callbacks failed, storing them one by one", error=repr(error))
        for one in batch:
            await self._store_batch([one])

    async def _spool_batch(self, batch: Sequence[_Waiting]) -> None:
        arrivals = [_verified(one) for one in batch]
        try:
            await asyncio.to_thread(self._spool.keep, arrivals)
        except SpoolFullError:
            _settle(batch, _FULL)
        except Exception as error:  # noqa: BLE001  told to whoever waits for this callback
            _settle(batch, error)
        else:
            SPOOLED.inc(len(batch))
            _settle(batch, Taken())


@asynccontextmanager
async def open_intake(
    database: Database, box: SecretBox, clock: Clock, folder: Path, limit: int
) -> AsyncIterator[CallbackIntake]:
    """The intake at work, with the replay of its spool in `folder` (at most `limit` bytes) beside it."""
    reach, spool = Reach(), CallbackSpool(folder, limit)
    intake = CallbackIntake(database, box, clock, spool, reach)
    replay = CallbackReplay(database, box, clock, spool, reach)
    tasks = [asyncio.create_task(intake.run()), asyncio.create_task(replay.run())]
    try:
        yield intake
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        spool.seal()


def _verified(one: _Waiting) -> Arrival:
    """What was admitted by the database itself needs no second look."""
    return one.arrival if one.callback is None else msgspec.structs.replace(one.arrival, is_genuine=True)


def _settle(batch: Sequence[_Waiting], outcome: Taken | ComeAgain | Exception) -> None:
    for one in batch:
        if one.stored.done():
            continue  # whoever waited has gone
        if isinstance(outcome, Exception):
            one.stored.set_exception(outcome)
        else:
            one.stored.set_result(outcome)

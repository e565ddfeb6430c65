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
from parley.services.callback_doors import Doors
from parley.services.callback_spool import Arrival, CallbackSpool, SpoolFullError
from parley.services.receive_callbacks import (
    Admitted,
    Callback,
    UnknownDoor,
    judge,
    keep_unread,
    kept_headers,
    receive_arrivals,
)
from parley.services.replay_callbacks import CallbackReplay, Reach
from parley.services.resolve_customers import TooBusyError
from parley.services.secret_box import SecretBox, WrongKeyError
from parley.store.database import AWAY, Database
from parley.telemetry import SPOOLED

BATCH = 100
"""Callbacks in one transaction."""
WAITING = 10_000
"""Callbacks in hand that are not stored yet; past that the door says 503 and Sinch comes again later."""
ANSWER_SECONDS = 5.0
"""A database that takes longer for a batch counts as away: a provider waits for our answer."""
STRANGERS_SHARE = 4
"""Callbacks that could not be checked fill at most this part (one in ...) of the spool: anybody can send them."""


class Taken(msgspec.Struct, frozen=True):
    """It is durable."""


class ComeAgain(msgspec.Struct, frozen=True):
    """It is not, and not the sender's fault."""

    sentence: str


_TAKEN = Taken()
_DOUBTFUL = ComeAgain("The signature is not the one we know, and the database that may know another is away.")
_FULL = ComeAgain("The database is away and the spool is full; send it again later.")
_BUSY = ComeAgain("Too many callbacks wait for the database; send it again later.")

Outcome = Taken | ComeAgain | UnknownDoor | NotGenuine


class _Waiting(msgspec.Struct, frozen=True):
    arrival: Arrival
    outcome: "asyncio.Future[Outcome]"


class CallbackIntake:
    """The queue between the door and what is durable. Made by `open_intake`."""

    def __init__(self, database: Database, doors: Doors, clock: Clock, spool: CallbackSpool, reach: Reach) -> None:
        self._database = database
        self._doors = doors
        self._clock = clock
        self._spool = spool
        self._reach = reach
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(WAITING)
        self._log = structlog.get_logger()

    async def take(self, token: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Durable when it says Taken. Raises what the database raised about this one callback, and WrongKeyError."""
        arrival = Arrival(self._clock(), token, kept_headers(headers), body)
        waiting = _Waiting(arrival, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull:
            return _BUSY
        return await waiting.outcome

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._take_batch(batch)

    async def _take_batch(self, batch: Sequence[_Waiting]) -> None:
        """All of it to one place: half a batch in the database would overtake the other half."""
        if self._reach.is_lost:
            await self._spool_batch(batch)
            return
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                admitted = await self._receive(batch)
        except AWAY as error:
            self._reach.lose(error)
            await self._spool_batch(batch)
        except Exception as error:  # noqa: BLE001  told to whoever waits for this callback
            await self._one_by_one(batch, error)
        else:
            for one, outcome in zip(batch, admitted, strict=True):
                _settle(one, _outcome(outcome))

    async def _receive(self, batch: Sequence[_Waiting]) -> list[Admitted]:
        return await receive_arrivals(self._database, self._doors, [one.arrival for one in batch], self._clock())

    async def _one_by_one(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """One that the database will not take must not hold back its neighbours, and is not lost for that."""
        if len(batch) == 1:
            await self._take_unread(batch[0], error)
            return
        self._log.warning("a batch of callbacks failed, storing them one by one", error=repr(error))
        for one in batch:
            await self._take_batch([one])

    async def _take_unread(self, one: _Waiting, error: Exception) -> None:
        """Too many at once is not what it holds: then Sinch may come again."""
        if isinstance(error, TooBusyError):
            _settle(one, error)
            return
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                admitted = await keep_unread(self._database, self._doors, one.arrival, error, self._clock())
        except Exception as worse:  # noqa: BLE001  told to whoever waits for this callback
            _settle(one, worse)
        else:
            _settle(one, _outcome(admitted))

    async def _spool_batch(self, batch: Sequence[_Waiting]) -> None:
        """What may be kept, with one sync of the disk for all."""
        meant = [(one, self._unseen(one.arrival)) for one in batch]
        kept = [arrival for _, arrival in meant if isinstance(arrival, Arrival)]
        outcome = await self._keep(kept) if kept else _TAKEN
        for one, arrival in meant:
            _settle(one, outcome if isinstance(arrival, Arrival) else arrival)

    def _unseen(self, arrival: Arrival) -> Arrival | ComeAgain:
        """By what we remember of the door. Never a refusal for good: our memory may be older than the secret."""
        door = self._doors.remembered(arrival.token)
        if door is None:
            return arrival if self._spool.size < self._spool.limit // STRANGERS_SHARE else _FULL
        try:
            judged = judge(door, arrival.headers, arrival.body)
        except WrongKeyError:
            return _DOUBTFUL
        return msgspec.structs.replace(arrival, is_genuine=True) if isinstance(judged, Callback) else _DOUBTFUL

    async def _keep(self, arrivals: Sequence[Arrival]) -> Taken | ComeAgain | Exception:
        try:
            await asyncio.to_thread(self._spool.keep, arrivals)
        except SpoolFullError:
            return _FULL
        except Exception as error:  # noqa: BLE001  told to whoever waits for these callbacks
            return error
        SPOOLED.inc(len(arrivals))
        return _TAKEN


@asynccontextmanager
async def open_intake(
    database: Database, box: SecretBox, clock: Clock, folder: Path, limit: int
) -> AsyncIterator[CallbackIntake]:
    """The intake at work, with the replay of its spool in `folder` (at most `limit` bytes) beside it."""
    reach, doors, spool = Reach(), Doors(box), CallbackSpool(folder, limit)
    intake = CallbackIntake(database, doors, clock, spool, reach)
    replay = CallbackReplay(database, doors, clock, spool, reach)
    tasks = [asyncio.create_task(intake.run()), asyncio.create_task(replay.run())]
    try:
        yield intake
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        spool.seal()


def _outcome(admitted: Admitted) -> Outcome | WrongKeyError:
    return _TAKEN if isinstance(admitted, Callback) else admitted


def _settle(one: _Waiting, outcome: Outcome | Exception) -> None:
    if one.outcome.done():
        return  # whoever waited has gone
    if isinstance(outcome, Exception):
        one.outcome.set_exception(outcome)
    else:
        one.outcome.set_result(outcome)

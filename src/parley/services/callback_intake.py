"""From the door to durable: into the database, or to the spool on disk while the database is away.

Many callbacks at once share one transaction, or one sync of the disk: each waits only for the one that takes it along.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import structlog

from parley.domain.clock import Clock
from parley.providers.signature import NotGenuine
from parley.services.callback_doors import Doors
from parley.services.callback_spool import Arrival, CallbackSpool, SpoolFullError
from parley.services.read_callbacks import CallbackReader
from parley.services.receive_callbacks import Admitted, Callback, UnknownDoor, judge, receive_arrivals
from parley.services.replay_callbacks import CallbackReplay, Reach
from parley.services.secret_box import SecretBox, WrongKeyError
from parley.store.database import AWAY, Database
from parley.telemetry import SPOOLED

BATCH = 100
"""Callbacks in one transaction."""
LANES = 2
"""Transactions at once: while PostgreSQL writes one batch, this process checks the next."""
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

    def __init__(
        self,
        database: Database,
        doors: Doors,
        clock: Clock,
        spool: CallbackSpool,
        reach: Reach,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.reader = CallbackReader(database, clock, lambda: self._in_hand > 0)
        """Makes something of what is kept here; its `run` belongs in a task beside this one's."""
        self._database = database
        self._doors = doors
        self._clock = clock
        self._spool = spool
        self._reach = reach
        self._answer_seconds = answer_seconds
        self._waiting: deque[_Waiting] = deque()
        self._in_hand = 0
        self._come = asyncio.Event()
        self._log = structlog.get_logger()

    async def take(self, token: str, headers: dict[str, str], body: bytes) -> Outcome:
        """Durable when it says Taken. Raises what the database raised about this one callback, and WrongKeyError.

        `headers`: those of which `is_kept` says so.
        """
        arrival = Arrival(self._clock(), token, headers, body)
        waiting = _Waiting(arrival, asyncio.get_running_loop().create_future())
        if self._in_hand >= WAITING:
            return _BUSY
        self._in_hand += 1
        self._waiting.append(waiting)
        self._come.set()
        return await waiting.outcome

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(LANES):
                lanes.create_task(self._run_lane())

    async def _run_lane(self) -> None:
        while True:
            await self._come.wait()
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            if not self._waiting:
                self._come.clear()
            if batch:  # else the other lane was sooner
                await self._take_or_tell(batch)
            self._in_hand -= len(batch)

    async def _take_or_tell(self, batch: Sequence[_Waiting]) -> None:
        """Whatever happens to a batch, the next one is taken: without its lanes nobody would be answered any more."""
        try:
            await self._take_batch(batch)
        except Exception as error:  # noqa: BLE001  told to whoever waits for these callbacks
            for one in batch:
                _settle(one, error)

    async def _take_batch(self, batch: Sequence[_Waiting]) -> None:
        """All of it to one place: half a batch in the database would overtake the other half."""
        if self._reach.is_lost:
            await self._spool_batch(batch)
            return
        try:
            async with asyncio.timeout(self._answer_seconds):
                admitted = await self._receive(batch)
        except AWAY as error:
            self._reach.lose(error)
            await self._spool_batch(batch)
        except Exception as error:  # noqa: BLE001  told to whoever waits for this callback
            await self._one_by_one(batch, error)
        else:
            for one, outcome in zip(batch, admitted, strict=True):
                _settle(one, _TAKEN if isinstance(outcome, Callback) else outcome)
            self.reader.wake()

    async def _receive(self, batch: Sequence[_Waiting]) -> list[Admitted]:
        return await receive_arrivals(self._database, self._doors, [one.arrival for one in batch], self._clock())

    async def _one_by_one(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """One that the database will not take must not hold back its neighbours."""
        if len(batch) == 1:
            _settle(batch[0], error)
            return
        self._log.warning("a batch of callbacks failed, storing them one by one", error=repr(error))
        for one in batch:
            await self._take_batch([one])

    async def _spool_batch(self, batch: Sequence[_Waiting]) -> None:
        """What may be kept, with one sync of the disk for all."""
        meant = [(one, self._unseen(one.arrival)) for one in batch]
        kept = [arrival for _, arrival in meant if isinstance(arrival, Arrival)]
        outcome = await self._keep(kept) if kept else _TAKEN
        for one, arrival in meant:
            _settle(one, outcome if isinstance(arrival, Arrival) else arrival)

    def _unseen(self, arrival: Arrival) -> Arrival | ComeAgain | Exception:
        """By what we remember of the door. Never a refusal for good: our memory may be older than the secret."""
        door = self._doors.remembered(arrival.token)
        if door is None:
            return arrival if self._spool.size < self._spool.limit // STRANGERS_SHARE else _FULL
        try:
            judged = judge(door, arrival.headers, arrival.body)
        except WrongKeyError:
            return _DOUBTFUL
        except Exception as error:  # noqa: BLE001  told to whoever waits for this callback, and not to its neighbours
            return error
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
    database: Database,
    box: SecretBox,
    clock: Clock,
    folder: Path,
    limit: int,
    answer_seconds: float = ANSWER_SECONDS,
) -> AsyncIterator[CallbackIntake]:
    """The intake at work, with the replay of its spool in `folder` (at most `limit` bytes) beside it."""
    reach, doors, spool = Reach(), Doors(box), CallbackSpool(folder, limit)
    intake = CallbackIntake(database, doors, clock, spool, reach, answer_seconds)
    replay = CallbackReplay(database, doors, clock, spool, reach, intake.reader.wake)
    tasks = [asyncio.create_task(one.run()) for one in (intake, intake.reader, replay)]
    try:
        yield intake
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        spool.seal()


def _settle(one: _Waiting, outcome: Outcome | Exception) -> None:
    if one.outcome.done():
        return  # whoever waited has gone
    if isinstance(outcome, Exception):
        one.outcome.set_exception(outcome)
    else:
        one.outcome.set_result(outcome)

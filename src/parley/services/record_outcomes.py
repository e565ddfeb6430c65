"""What calls came to is recorded, many in one transaction, and kept in hand until the database takes it."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec
import structlog

from parley.domain.clock import Clock
from parley.domain.message import Kind, State
from parley.queue.backoff import delay
from parley.services.holding import LaneNews, note_news, slow_pairs
from parley.services.move_messages import Change, move_as_left
from parley.services.receive_reports import join_early_reports
from parley.services.stopping import stop
from parley.store.database import Database, is_away
from parley.store.holds import Hold
from parley.store.lanes import Lane
from parley.store.messages import MessageRow
from parley.store.pairs import Pair
from parley.store.stops import Stop
from parley.store.uploads import look_again_at
from parley.telemetry import SENDS

RECORDED_AT_ONCE = 500
GATHER_SECONDS = 0.005
"""Outcomes that come in this time after the first are recorded with it: one commit for all of them."""


class Outcomes(msgspec.Struct, frozen=True):
    """What one call came to, for each of its messages."""

    left: tuple[MessageRow, ...]
    changes: tuple[Change, ...]
    stopped: tuple[MessageRow, Stop] | None = None
    hold: Hold | None = None
    back: Lane | None = None
    """A sender whose provider was away and has answered."""
    asked: Lane | None = None
    """One by which this call asked."""
    slow: tuple[UUID, Pair] | None = None


class Recorder:
    """One process's. `record_seconds`: the longest pause between two tries."""

    def __init__(self, database: Database, clock: Clock, chance: Callable[[], float], record_seconds: float) -> None:
        self._database = database
        self._clock = clock
        self._chance = chance
        self._record_seconds = record_seconds
        self._done: asyncio.Queue[Outcomes] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._away: set[Lane] = set()
        """Of whom that was told."""
        self._log = structlog.get_logger()

    def begin(self) -> None:
        """Unless it has begun."""
        if self._task is None:
            self._task = asyncio.create_task(self._record_for_ever())

    def put(self, outcomes: Outcomes) -> None:
        """To be recorded soon."""
        self._done.put_nowait(outcomes)

    async def finish(self) -> None:
        """All are recorded."""
        await self._done.join()

    async def close(self) -> None:
        """Records no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _record_for_ever(self) -> None:
        while True:
            batch = [await self._done.get()]
            await asyncio.sleep(GATHER_SECONDS)
            while not self._done.empty() and len(batch) < RECORDED_AT_ONCE:
                batch.append(self._done.get_nowait())
            _count(batch)
            await self._record_surely(batch)
            for _ in batch:
                self._done.task_done()

    async def _record_surely(self, batch: Sequence[Outcomes]) -> None:
        """Until the database takes it: an outcome that is forgotten leaves its message uncertain for nothing."""
        attempt = 0
        while True:
            try:
                await self._record(batch)
            except Exception as error:  # noqa: BLE001  the outcome is still in hand; logged and tried again
                attempt += 1
                told = {"outcomes": len(batch), "attempt": attempt, "error": repr(error)}
                self._log.error("outcomes not recorded yet", exc_info=not is_away(error), **told)
                await asyncio.sleep(delay(attempt, self._chance(), self._record_seconds))
            else:
                return

    async def _record(self, batch: Sequence[Outcomes]) -> None:
        now = self._clock()
        async with self._database.transaction() as connection:
            left = [row for outcomes in batch for row in outcomes.left]
            changes = [change for outcomes in batch for change in outcomes.changes]
            await move_as_left(connection, left, changes, now)
            await join_early_reports(connection, left, changes, now)
            if told := _told(left, changes):
                await look_again_at(connection, told, now)
            for row, stopped in (outcomes.stopped for outcomes in batch if outcomes.stopped):
                await stop(connection, row.project_id, stopped, now, now)
            await note_news(connection, _news(batch), now)
            for project_id, pair in sorted({outcomes.slow for outcomes in batch if outcomes.slow}):
                await slow_pairs(connection, project_id, {pair}, now)
        self._tell(batch)

    def _tell(self, batch: Sequence[Outcomes]) -> None:
        """The operator, once, of a provider that is away, and of one that is back."""
        for one in batch:
            if one.hold and one.hold.is_away and one.hold.lane not in self._away:
                self._away.add(one.hold.lane)
                told = {"sender": one.hold.lane.sender, "code": one.hold.code, "sentence": one.hold.sentence}
                self._log.warning("the provider is away, one message at a time asks", **told)
            if one.back in self._away:
                self._away.remove(one.back)
                self._log.info("the provider has answered, messages go on", sender=one.back.sender)


def _news(batch: Sequence[Outcomes]) -> dict[Lane, LaneNews]:
    news: defaultdict[Lane, LaneNews] = defaultdict(LaneNews)
    for one in batch:
        if one.back:
            news[one.back].back()
        if one.hold:
            news[one.hold.lane].wait(one.hold)
        if one.asked:
            news[one.asked].asked = True
    return news


def _count(batch: Sequence[Outcomes]) -> None:
    """For the metrics: a counter that is asked for by its label costs more than all else that a call ends with."""
    for code, calls in Counter(change.code for outcomes in batch for change in outcomes.changes).items():
        SENDS.labels(code or "accepted").inc(calls)


def _told(left: Sequence[MessageRow], changes: Sequence[Change]) -> set[UUID]:
    """Customers of whose consent the provider was told, or will not be: no upload of theirs is tried again."""
    again = {change.id for change in changes if change.state is State.QUEUED}
    return {row.customer_id for row in left if row.kind == Kind.CONSENT and row.id not in again}

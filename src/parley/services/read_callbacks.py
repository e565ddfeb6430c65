"""What was kept of the provider is read: messages move, customers have written, journeys go on.

Each exactly once: a callback counts as read in the transaction that does everything which follows from it. Whoever dies
before that leaves it to the next. What we do not understand stays raw and is counted, never refused.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from parley.domain.callback import (
    CallbackItem,
    ConsentReport,
    DeliveryReport,
    InboundMessage,
    Notice,
    TemplateNotice,
    Unknown,
)
from parley.domain.clock import Clock
from parley.integrations import Integration
from parley.providers.callbacks import read
from parley.services.definitions import definitions_at
from parley.services.heed_opt_outs import heed_lists
from parley.services.heed_templates import heed_notices
from parley.services.receive_inbound import Inbound, receive_inbound
from parley.services.receive_reports import receive_reports
from parley.services.resolve_customers import TooBusyError, run_resolving
from parley.store.callbacks import Understanding, Unread, mark_not_understood, take_unread
from parley.store.customers import LookedUpTooEarlyError
from parley.store.database import AWAY, Connection, Database, is_lost, transaction_of
from parley.telemetry import UNKNOWN_ITEMS

BATCH = 200
"""Callbacks in one transaction."""
SPAN = timedelta(seconds=1)
"""Callbacks that are read together share their time of receipt; it is never further off than this."""
IDLE_SECONDS = 5.0
"""How often a process looks for what another has left behind."""
LOST_SECONDS = 0.5
"""How often it looks whether a database that was away is back."""
FRESH = timedelta(seconds=1)
"""Callbacks that want their answer go first, as long as what waits to be read is no older."""
GIVE_WAY_SECONDS = 0.005
RESTS = 2
"""So often in a row nobody must be found waiting."""
LONGEST_PROBLEM = 500
"""Characters of what is noted of a callback that we could not read."""
MOST_UNKNOWN = 10_000
"""Items of one callback whose shape we do not know; more are not counted. A column holds the count."""

_NOT_ITS_FAULT: tuple[type[Exception], ...] = (*AWAY, TooBusyError, LookedUpTooEarlyError)
"""It is tried again."""


class CallbackReader:
    """`run` belongs in a task."""

    def __init__(self, database: Database, clock: Clock, are_waiting: Callable[[], bool]) -> None:
        """`are_waiting`: are there callbacks that want their answer?"""
        self._database = database
        self._clock = clock
        self._are_waiting = are_waiting
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something was kept."""
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._woken.clear()
            pause = await self._step()
            try:
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _step(self) -> float:
        """Reads all there is; says how long to rest."""
        try:
            while (received_at := await read_callbacks(self._database)) is not None:
                await self._give_way(received_at)
        except AWAY:
            return LOST_SECONDS  # the intake tells of it
        except Exception:  # noqa: BLE001  whatever it was, the callbacks are still there and are tried again
            structlog.get_logger().exception("callbacks were not read")
        return IDLE_SECONDS

    async def _give_way(self, received_at: datetime) -> None:
        """Until no callback wants its answer, nor did a moment ago: who got one often has the next.

        What was received later than now is from before the clock was set back: its second would last until then.
        """
        rests = 0
        while rests < RESTS and timedelta() <= self._clock() - received_at < FRESH:
            rests = 0 if self._are_waiting() else rests + 1
            await asyncio.sleep(GIVE_WAY_SECONDS)


class _Done(msgspec.Struct, frozen=True):
    received_at: datetime | None
    """Of the last one."""
    unknown_items: int


async def read_callbacks(database: Database) -> datetime | None:
    """The next batch; says when its last one was received, and None when there was none.

    One that cannot be read holds up neither its neighbours nor what comes after.
    """
    try:
        return await _run(database, _read_together)
    except _NOT_ITS_FAULT:
        raise
    except Exception as error:  # noqa: BLE001  told below of the one that is to blame
        structlog.get_logger().warning("callbacks failed together, reading them one by one", error=repr(error))
    received_at = None
    for _ in range(BATCH):
        received_at = await _run(database, _read_or_mark) or received_at
    return received_at


async def _run(database: Database, reading: Callable[[Connection], Awaitable[_Done]]) -> datetime | None:
    done = await run_resolving(database, reading)
    UNKNOWN_ITEMS.inc(done.unknown_items)  # after the commit: what ran twice for a deadlock's sake counts once
    return done.received_at


async def _read_together(connection: Connection) -> _Done:
    return await _read(connection, await take_unread(connection, BATCH))


async def _read_or_mark(connection: Connection) -> _Done:
    """One. Taken once, for the reading and for the mark: else another server could take it in between, and the mark
    would go to its neighbour, which nobody would read then.
    """
    taken = await take_unread(connection, 1)
    try:
        async with transaction_of(connection):
            return await _read(connection, taken)
    except _NOT_ITS_FAULT:
        raise
    except Exception as error:
        if is_lost(connection):
            raise
        problem = f"Kept, but not read: {error!r}"[:LONGEST_PROBLEM]
    structlog.get_logger().error("a callback cannot be read", problem=problem)
    await mark_not_understood(connection, [_understood(one, 1, problem) for one in taken])
    return _Done(taken[-1].received_at, len(taken))


async def _read(connection: Connection, unread: Sequence[Unread]) -> _Done:
    read_now = [(one, read(one.body)) for one in unread]
    for part in _spans(read_now):
        await _make_something_of(connection, part, part[0][0].received_at)
    strange = [told for one, items in read_now if (told := _not_understood(one, items)) is not None]
    if strange:
        await mark_not_understood(connection, strange)
    return _Done(unread[-1].received_at if unread else None, sum(one.unknown for one in strange))


_Read = tuple[Unread, tuple[CallbackItem, ...]]


def _spans(read_now: Sequence[_Read]) -> Iterator[Sequence[_Read]]:
    part: list[_Read] = []
    for one in read_now:
        if part and abs(one[0].received_at - part[0][0].received_at) > SPAN:
            yield part
            part = []
        part.append(one)
    if part:
        yield part


class _Told(msgspec.Struct):
    """All that was said about one project."""

    inbound: list[Inbound] = []
    reports: list[DeliveryReport] = []
    notices: list[tuple[str, TemplateNotice]] = []
    lists: list[ConsentReport] = []

    def add(self, name: str, integration: Integration | None, items: Sequence[CallbackItem]) -> None:
        """By the door of that name."""
        for item in items:
            match item:
                case InboundMessage():
                    if integration is not None:  # else it was deleted in this moment, with the mapping of its messages
                        self.inbound.append(Inbound(integration, item))
                case DeliveryReport():
                    self.reports.append(item)
                case TemplateNotice():
                    self.notices.append((name, item))
                case ConsentReport():
                    self.lists.append(item)
                case Notice() | Unknown():
                    continue  # kept raw; nothing here changes by it


async def _make_something_of(connection: Connection, read_now: Sequence[_Read], now: datetime) -> None:
    told: dict[UUID, _Told] = defaultdict(_Told)
    for callback, items in read_now:
        project = await definitions_at(connection, callback.project_id, callback.stamp)
        told[callback.project_id].add(callback.integration, project.integrations.get(callback.integration), items)
    for project_id in sorted(told):
        if told[project_id].notices:
            await heed_notices(connection, project_id, told[project_id].notices, now)
        await heed_lists(connection, project_id, told[project_id].lists, now)
        await receive_reports(connection, project_id, told[project_id].reports, now)
        await receive_inbound(connection, project_id, told[project_id].inbound, now)


def _not_understood(callback: Unread, items: Sequence[CallbackItem]) -> Understanding | None:
    unknown = [item for item in items if isinstance(item, Unknown)]
    if not unknown:
        return None
    problem = "; ".join(dict.fromkeys(item.reason for item in unknown))[:LONGEST_PROBLEM]
    return _understood(callback, min(len(unknown), MOST_UNKNOWN), problem or None)


def _understood(callback: Unread, unknown: int, problem: str | None) -> Understanding:
    return Understanding(callback.project_id, callback.integration, callback.key, unknown, problem)

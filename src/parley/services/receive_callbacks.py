"""What the provider tells us, made durable before it is answered.

One transaction for a batch of callbacks: whose they are and whether they are genuine, the raw bytes under a unique key,
then everything that follows from them. A callback that was seen before stops at its key. What we do not understand
stays raw and is counted, never refused.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
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
from parley.integrations import Integration
from parley.providers.callbacks import Api, read, verify
from parley.providers.signature import NotGenuine
from parley.services.callback_doors import Doors, KnownDoor
from parley.services.callback_spool import Arrival
from parley.services.heed_templates import heed_notices
from parley.services.receive_inbound import Inbound, receive_inbound
from parley.services.receive_reports import receive_reports
from parley.services.resolve_customers import run_resolving
from parley.services.secret_box import SecretBox, WrongKeyError
from parley.store.callbacks import RawCallback, Understanding, keep_callbacks, mark_not_understood
from parley.store.database import Connection, Database
from parley.telemetry import CALLBACKS, UNKNOWN_ITEMS

LARGEST_CALLBACK = 1024 * 1024
"""Bytes. Sinch's largest, an inbound order with all its products, is far below."""


LONGEST_PROBLEM = 500
"""Characters of what is noted of a callback that we could not read."""
MOST_UNKNOWN = 10_000
"""Items of one callback whose shape we do not know; more are not counted. A column holds the count."""


class Callback(msgspec.Struct, frozen=True):
    """One POST that came in by a door we know and that is genuine."""

    project_id: UUID
    integration: Integration
    headers: dict[str, str]
    """Those that are kept."""
    body: bytes
    key: bytes
    """The hash of the body: the same bytes are the same callback."""


class UnknownDoor(msgspec.Struct, frozen=True):
    """No integration has this token."""


class _Stored(msgspec.Struct, frozen=True):
    """Callbacks, and items of new ones whose shape we do not know."""

    new: int = 0
    seen_before: int = 0
    unknown_items: int = 0


Admitted = Callback | UnknownDoor | NotGenuine | WrongKeyError


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those of which `is_kept` says so."""
    return {name: value for name, value in headers.items() if is_kept(name)}


@lru_cache(maxsize=500)
def is_kept(name: str) -> bool:
    """A header that says what the provider meant; the others are the network's, and one may hold a credential."""
    return "sinch" in name.lower() or name.lower() == "user-agent"


async def admit(
    database: Database, box: SecretBox, token: str, headers: Mapping[str, str], body: bytes
) -> Callback | UnknownDoor | NotGenuine:
    """Whose callback is this, and did the provider send it? Nothing is stored yet. Raises WrongKeyError."""
    async with database.connection() as connection:
        doors = await Doors(box).find(connection, [token])
    return judge(doors[token], kept_headers(headers), body) if token in doors else UnknownDoor()


def judge(door: KnownDoor, headers: dict[str, str], body: bytes) -> Callback | NotGenuine:
    """Did the provider send it? Needs no database. Raises WrongKeyError."""
    if door.secret is not None:
        check = verify(Api(door.integration.api), headers, body, door.secret)
        if isinstance(check, NotGenuine):
            return check
    return _believed(door, headers, body)


async def receive_callbacks(database: Database, callbacks: Sequence[Callback], now: datetime) -> None:
    """Durable when it returns."""
    _count(await run_resolving(database, lambda connection: _store(connection, callbacks, now)))


async def receive_arrivals(
    database: Database, doors: Doors, arrivals: Sequence[Arrival], now: datetime
) -> list[Admitted]:
    """As `admit` for each and `receive_callbacks` for all that are admitted, in one transaction; in their order."""

    async def receive(connection: Connection) -> tuple[list[Admitted], _Stored]:
        known = await doors.find(connection, {arrival.token for arrival in arrivals})
        admitted = [_admitted(known.get(arrival.token), arrival) for arrival in arrivals]
        return admitted, await _store(connection, [one for one in admitted if isinstance(one, Callback)], now)

    admitted, stored = await run_resolving(database, receive)
    _count(stored)
    _count_refused(admitted)
    return admitted


async def keep_unread(database: Database, doors: Doors, arrival: Arrival, error: Exception, now: datetime) -> Admitted:
    """For one that `receive_arrivals` broke on, whatever it holds: its bytes are kept, and what was wrong with it.

    Nothing else is made of it, as of a shape that we do not know; so it holds up neither its neighbours nor a replay.
    """
    problem = f"Kept, but not read: {error!r}"[:LONGEST_PROBLEM]

    async def keep(connection: Connection) -> Admitted:
        known = await doors.find(connection, {arrival.token})
        admitted = _admitted(known.get(arrival.token), arrival)
        if isinstance(admitted, Callback) and await keep_callbacks(connection, [_raw(admitted)], now):
            broken = Understanding(admitted.project_id, admitted.integration.name, admitted.key, 1, problem)
            await mark_not_understood(connection, [broken])
        return admitted

    admitted = await database.run(keep)
    if isinstance(admitted, Callback):
        structlog.get_logger().error("a callback was kept unread", error=problem)
        UNKNOWN_ITEMS.inc()
    _count_refused([admitted])
    return admitted


_REFUSALS: dict[type[Admitted], str] = {NotGenuine: "not_genuine", UnknownDoor: "unknown_door"}


def _count_refused(admitted: Iterable[Admitted]) -> None:
    for outcome, number in Counter(_REFUSALS[type(one)] for one in admitted if type(one) in _REFUSALS).items():
        CALLBACKS.labels(outcome).inc(number)


def _count(stored: _Stored) -> None:
    """After the commit: what ran twice for a deadlock's sake counts once."""
    CALLBACKS.labels("new").inc(stored.new)
    CALLBACKS.labels("seen_before").inc(stored.seen_before)
    UNKNOWN_ITEMS.inc(stored.unknown_items)


def _admitted(door: KnownDoor | None, arrival: Arrival) -> Admitted:
    """A door whose secret does not open must not hold back its neighbours."""
    if door is None:
        return UnknownDoor()
    if arrival.is_genuine:
        return _believed(door, arrival.headers, arrival.body)
    try:
        return judge(door, arrival.headers, arrival.body)
    except WrongKeyError as error:
        return error


def _believed(door: KnownDoor, headers: dict[str, str], body: bytes) -> Callback:
    return Callback(door.project_id, door.integration, headers, body, sha256(body).digest())


async def _store(connection: Connection, callbacks: Sequence[Callback], now: datetime) -> _Stored:
    if not callbacks:
        return _Stored()
    new = await keep_callbacks(connection, [_raw(callback) for callback in callbacks], now)
    once = {(callback.project_id, callback.integration.name, callback.key): callback for callback in callbacks}
    fresh = [callback for key, callback in once.items() if key in new]
    read_now = [(callback, read(callback.body)) for callback in fresh]
    await _heed_templates(connection, callbacks, now)
    await _make_something_of(connection, read_now, now)
    strange = [told for callback, items in read_now if (told := _not_understood(callback, items)) is not None]
    if strange:
        await mark_not_understood(connection, strange)
    return _Stored(len(fresh), len(callbacks) - len(fresh), sum(one.unknown for one in strange))


async def _make_something_of(
    connection: Connection, read_now: Sequence[tuple[Callback, tuple[CallbackItem, ...]]], now: datetime
) -> None:
    inbound: dict[UUID, list[Inbound]] = defaultdict(list)
    reports: dict[UUID, list[DeliveryReport]] = defaultdict(list)
    for callback, items in read_now:
        for item in items:
            match item:
                case InboundMessage():
                    inbound[callback.project_id].append(Inbound(callback.integration, item))
                case DeliveryReport():
                    reports[callback.project_id].append(item)
                case ConsentReport() | TemplateNotice() | Notice() | Unknown():
                    continue  # kept raw; nothing here changes by it (notices of templates were heeded before)
    for project_id in sorted({*inbound, *reports}):
        await receive_reports(connection, project_id, reports[project_id], now)
        await receive_inbound(connection, project_id, inbound[project_id], now)


async def _heed_templates(connection: Connection, callbacks: Sequence[Callback], now: datetime) -> None:
    """Also those that came before: nothing in a body tells this pause from last week's."""
    told: dict[UUID, list[tuple[str, TemplateNotice]]] = defaultdict(list)
    for callback in callbacks:
        if ABOUT_TEMPLATES in callback.body:
            notices = [item for item in read(callback.body) if isinstance(item, TemplateNotice)]
            told[callback.project_id] += [(callback.integration.name, notice) for notice in notices]
    for project_id in sorted(told):
        await heed_notices(connection, project_id, told[project_id], now)


ABOUT_TEMPLATES = b"WHATSAPP_TEMPLATE_"


def _raw(callback: Callback) -> RawCallback:
    return RawCallback(callback.project_id, callback.integration.name, callback.key, callback.body, callback.headers)


def _not_understood(callback: Callback, items: Sequence[CallbackItem]) -> Understanding | None:
    unknown = [item for item in items if isinstance(item, Unknown)]
    problem = "; ".join(dict.fromkeys(item.reason for item in unknown))[:LONGEST_PROBLEM]
    if not unknown:
        return None
    count = min(len(unknown), MOST_UNKNOWN)
    return Understanding(callback.project_id, callback.integration.name, callback.key, count, problem or None)

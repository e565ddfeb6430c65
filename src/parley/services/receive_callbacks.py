"""What the provider tells us, made durable before it is answered.

One transaction for a batch of callbacks: the raw bytes under a unique key, then everything that follows from them. A
callback that was seen before stops at its key. What we do not understand stays raw and is counted, never refused.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from parley.domain.callback import CallbackItem, ConsentReport, DeliveryReport, InboundMessage, Notice, Unknown
from parley.integrations import Integration
from parley.providers.callbacks import Api, read, verify
from parley.providers.signature import NotGenuine
from parley.services.definitions import ProjectDefinitions, open_secret, project_definitions
from parley.services.receive_inbound import Inbound, receive_inbound
from parley.services.receive_reports import receive_reports
from parley.services.secret_box import SecretBox
from parley.store.callbacks import RawCallback, Understanding, keep_callbacks, mark_understood
from parley.store.database import Connection, Database
from parley.store.definitions import door_of
from parley.telemetry import CALLBACKS, UNKNOWN_ITEMS

LARGEST_CALLBACK = 1024 * 1024
"""Bytes. Sinch's largest, an inbound order with all its products, is far below."""


class Callback(msgspec.Struct, frozen=True):
    """One POST that came in by a door we know and that is genuine."""

    project_id: UUID
    integration: Integration
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> bytes:
        """The same bytes are the same callback."""
        return sha256(self.body).digest()


class UnknownDoor(msgspec.Struct, frozen=True):
    """No integration has this token."""


class KnownDoor(msgspec.Struct, frozen=True):
    """Whose callbacks come in by a token, and what they are checked with. Its secret is sealed."""

    project_id: UUID
    project: ProjectDefinitions
    integration: Integration


async def admit(
    database: Database, box: SecretBox, token: str, headers: Mapping[str, str], body: bytes
) -> Callback | UnknownDoor | NotGenuine:
    """Whose callback is this, and did the provider send it? Nothing is stored yet."""
    door = await find_door(database, token)
    return UnknownDoor() if door is None else judge(box, door, headers, body)


async def find_door(database: Database, token: str) -> KnownDoor | None:
    """None when no integration has this token."""
    async with database.connection() as connection:
        door = await door_of(connection, token)
        if door is None:
            return None
        project = await project_definitions(connection, door.project_id)
    return KnownDoor(door.project_id, project, project.integrations[door.integration])


def judge(box: SecretBox, door: KnownDoor, headers: Mapping[str, str], body: bytes) -> Callback | NotGenuine:
    """Did the provider send it? Needs no database."""
    secret = open_secret(box, door.project, door.integration.signing_secret)
    if secret is not None:
        check = verify(Api(door.integration.api), headers, body, secret)
        if isinstance(check, NotGenuine):
            CALLBACKS.labels("not_genuine").inc()
            return check
    return Callback(door.project_id, door.integration, dict(headers), body)


async def receive_callbacks(database: Database, callbacks: Sequence[Callback], now: datetime) -> None:
    """Durable when it returns."""
    async with database.transaction() as connection:
        raw = [_raw(callback) for callback in callbacks]
        new = await keep_callbacks(connection, raw, now)
        fresh = _one_each(callback for callback in callbacks if (callback.project_id, callback.key) in new)
        read_now = [(callback, read(callback.body)) for callback in fresh]
        await _make_something_of(connection, read_now, now)
        await mark_understood(connection, [_understanding(callback, items) for callback, items in read_now])
    CALLBACKS.labels("new").inc(len(fresh))
    CALLBACKS.labels("seen_before").inc(len(callbacks) - len(fresh))


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
                case ConsentReport() | Notice():
                    continue  # kept raw; nothing here changes by it
                case Unknown():
                    UNKNOWN_ITEMS.inc()
    for project_id in sorted({*inbound, *reports}):
        await receive_reports(connection, project_id, reports[project_id], now)
        await receive_inbound(connection, project_id, inbound[project_id], now)


def _one_each(callbacks: Iterable[Callback]) -> list[Callback]:
    return list({(callback.project_id, callback.key): callback for callback in callbacks}.values())


def _raw(callback: Callback) -> RawCallback:
    return RawCallback(
        callback.project_id, callback.integration.name, callback.key, callback.body, kept_headers(callback.headers)
    )


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those that say what the provider meant; the others are the network's, and one may hold a credential."""
    return {name: value for name, value in headers.items() if "sinch" in name.lower() or name.lower() == "user-agent"}


def _understanding(callback: Callback, items: Sequence[CallbackItem]) -> Understanding:
    unknown = [item for item in items if isinstance(item, Unknown)]
    problem = "; ".join(dict.fromkeys(item.reason for item in unknown)) or None
    return Understanding(callback.project_id, callback.integration.name, callback.key, len(unknown), problem)

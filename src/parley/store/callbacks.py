"""Callbacks as they came, each once, and the inbound messages that were in them, each once."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.ids import BUCKETS, bucket_of
from parley.store.database import Connection, sql
from parley.store.definitions import Door


class RawCallback(msgspec.Struct, frozen=True):
    """The bytes, whose they are, and the hash that makes them one."""

    project_id: UUID
    integration: str
    key: bytes
    body: bytes
    headers: dict[str, str]
    read_again: bool = False
    """Also when it was seen before."""


class Unread(msgspec.Struct, frozen=True):
    """One that is to be read now. The fields are the columns of the query, in their order."""

    project_id: UUID
    integration: str
    key: bytes
    body: bytes
    received_at: datetime
    stamp: int
    """Of all the project's definitions."""


class Understanding(msgspec.Struct, frozen=True):
    """What we could not use of a callback."""

    project_id: UUID
    integration: str
    key: bytes
    unknown: int
    problem: str | None


Place = tuple[datetime, str, bytes]
"""Of a callback among those of its project: when it was received, its integration and its key."""


class NotUnderstood(msgspec.Struct, frozen=True):
    """One of which not all could be used. The fields are the columns of the query, in their order."""

    integration: str
    key: bytes
    received_at: datetime
    times_seen: int
    unknown: int
    """Items."""
    problem: str | None
    beginning: bytes
    """Of the body."""
    size: int
    """Of the whole body."""


class Written(msgspec.Struct, frozen=True):
    """What a customer wrote to one of our accounts."""

    bucket: int
    """Of the provider's id."""
    integration: str
    provider_message_id: str
    customer_id: UUID
    account: str
    address: str
    """Exactly as the provider wrote the sender: answers go there."""
    at: datetime | None
    """From when the window counts; None when it opens none."""
    came_by_ad_at: datetime | None = None
    """When the customer tapped an advertisement (or a Page's button) and wrote by it."""

    @property
    def turn(self) -> tuple[int, str, str]:
        """All insert in this order: two batches with the same messages wait for each other and do not deadlock."""
        return self.bucket, self.integration, self.provider_message_id


async def keep_callbacks(
    connection: Connection, callbacks: Sequence[RawCallback], now: datetime, doors: Sequence[Door]
) -> int | None:
    """Stores them, each once among them, and answers how many were not seen before: those are unread then.

    None, and nothing is stored, when one of these doors is no longer so.
    """
    new: int | None = await sql.callbacks.keep_callbacks(
        connection,
        now=now,
        tokens=[door.token for door in doors],
        door_project_ids=[door.project_id for door in doors],
        door_integrations=[door.integration for door in doors],
        stamps=[door.stamp for door in doors],
        bodies=[callback.body for callback in callbacks],
        headers=[callback.headers for callback in callbacks],
        read_again=[callback.read_again for callback in callbacks],
        **_keys(callbacks),
    )
    return new


async def take_unread(connection: Connection, most: int) -> list[Unread]:
    """The first to have arrived that nobody else reads, as read when this transaction commits."""
    return [Unread(*row) for row in await sql.callbacks.take_unread(connection, most=most)]


async def mark_not_understood(connection: Connection, found: Sequence[Understanding]) -> None:
    """Notes what was unknown; what was understood whole needs no note."""
    await sql.callbacks.mark_not_understood(
        connection,
        unknowns=[one.unknown for one in found],
        problems=[one.problem for one in found],
        **_keys(found),
    )


async def callbacks_not_understood(
    connection: Connection, project_id: UUID, before: Place, most: int, beginning: int
) -> list[NotUnderstood]:
    """The newest first; so many, and so many bytes of each body."""
    at, integration, key = before
    rows = await sql.callbacks.callbacks_not_understood(
        connection,
        project_id=project_id,
        before_at=at,
        before_integration=integration,
        before_key=key,
        most=most,
        beginning=beginning,
    )
    return [NotUnderstood(*row) for row in rows]


async def received_at(connection: Connection, project_id: UUID, integration: str, key: bytes) -> datetime | None:
    """None: there is no such callback."""
    at: datetime | None = await sql.callbacks.received_at(
        connection, bucket=key[0] % BUCKETS, project_id=project_id, integration=integration, key=key
    )
    return at


async def take_inbound(
    connection: Connection, project_id: UUID, messages: Sequence[Written], now: datetime
) -> dict[tuple[str, str], bool]:
    """Opens the windows of those that were not seen before. Answers these by (integration, provider's message id), and
    whether a journey awaits the customer's reply.
    """
    told = sorted(messages, key=attrgetter("turn"))
    rows = await sql.callbacks.take_inbound(
        connection,
        project_id=project_id,
        now=now,
        buckets=[one.bucket for one in told],
        integrations=[one.integration for one in told],
        provider_message_ids=[one.provider_message_id for one in told],
        customer_ids=[one.customer_id for one in told],
        customer_buckets=[bucket_of(one.customer_id) for one in told],
        accounts=[one.account for one in told],
        addresses=[one.address for one in told],
        ats=[one.at for one in told],
        came_by_ad_ats=[one.came_by_ad_at for one in told],
    )
    return {(integration, ident): is_awaited for integration, ident, is_awaited in rows}


def _keys(callbacks: Sequence[RawCallback | Understanding]) -> dict[str, list[Any]]:
    return {
        "buckets": [callback.key[0] % BUCKETS for callback in callbacks],
        "project_ids": [callback.project_id for callback in callbacks],
        "integrations": [callback.integration for callback in callbacks],
        "keys": [callback.key for callback in callbacks],
    }

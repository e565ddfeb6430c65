"""Callbacks as they came, each once, and the inbound messages that were in them, each once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.ids import BUCKETS, bucket_of_text
from parley.store.database import Connection, sql


class RawCallback(msgspec.Struct, frozen=True):
    """The bytes, whose they are, and the hash that makes them one."""

    project_id: UUID
    integration: str
    key: bytes
    body: bytes
    headers: dict[str, str]


class Understanding(msgspec.Struct, frozen=True):
    """What we could not use of a callback."""

    project_id: UUID
    integration: str
    key: bytes
    unknown: int
    problem: str | None


async def keep_callbacks(
    connection: Connection, callbacks: Sequence[RawCallback], now: datetime
) -> set[tuple[UUID, str, bytes]]:
    """Stores them and answers (project, integration, key) of those that were not seen before."""
    rows = await sql.callbacks.keep_callbacks(
        connection,
        now=now,
        bodies=[callback.body for callback in callbacks],
        headers=[callback.headers for callback in callbacks],
        **_keys(callbacks),
    )
    return {(row["project_id"], row["integration"], row["key"]) for row in rows if row["times_seen"] == 1}


async def mark_not_understood(connection: Connection, found: Sequence[Understanding]) -> None:
    """Notes what was unknown; what was understood whole needs no note."""
    await sql.callbacks.mark_not_understood(
        connection,
        unknowns=[one.unknown for one in found],
        problems=[one.problem for one in found],
        **_keys(found),
    )


async def keep_inbound(
    connection: Connection, project_id: UUID, integration: str, messages: Sequence[tuple[str, UUID]], now: datetime
) -> set[str]:
    """Of (provider's message id, customer): the ids that were not seen before."""
    rows = await sql.callbacks.keep_inbound(
        connection,
        project_id=project_id,
        integration=integration,
        now=now,
        buckets=[bucket_of_text(ident) for ident, _ in messages],
        provider_message_ids=[ident for ident, _ in messages],
        customer_ids=[customer_id for _, customer_id in messages],
    )
    return {row["provider_message_id"] for row in rows}


def _keys(callbacks: Sequence[RawCallback | Understanding]) -> dict[str, list[Any]]:
    return {
        "buckets": [callback.key[0] % BUCKETS for callback in callbacks],
        "project_ids": [callback.project_id for callback in callbacks],
        "integrations": [callback.integration for callback in callbacks],
        "keys": [callback.key for callback in callbacks],
    }

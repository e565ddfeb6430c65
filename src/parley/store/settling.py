"""Uncertain messages: who looks for them, what was found, and which are old enough for their project's rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.store.database import Connection, sql
from parley.store.messages import MessageRow, message_row


class Look(msgspec.Struct, frozen=True):
    """What somebody who looked for a message has to say, and when to look again."""

    row: MessageRow
    due_at: datetime
    note: dict[str, Any]
    """Added to the stored decision under its own key; the store counts the looks."""


async def claim_unlooked(
    connection: Connection, most: int, since: datetime, before: datetime, now: datetime, claimed_until: datetime
) -> list[MessageRow]:
    """Of those that became uncertain between `since` and `before`. A claim that ends is anybody's."""
    rows = await sql.settling.claim_unlooked(
        connection, most=most, since=since, before=before, now=now, claimed_until=claimed_until
    )
    return [message_row(row) for row in rows]


async def note_looks(connection: Connection, looks: Sequence[Look]) -> None:
    """On those that are still uncertain."""
    await sql.settling.note_looks(
        connection,
        buckets=[look.row.bucket for look in looks],
        ids=[look.row.id for look in looks],
        due_ats=[look.due_at for look in looks],
        notes=[look.note for look in looks],
    )


async def lock_long_uncertain(
    connection: Connection, project_id: UUID, before: datetime, most: int, *, erased_and_resent_too: bool
) -> list[MessageRow]:
    """Uncertain since before then, the oldest first, without those that another transaction holds."""
    rows = await sql.settling.lock_long_uncertain(
        connection, project_id=project_id, before=before, most=most, erased_and_resent_too=erased_and_resent_too
    )
    return [message_row(row) for row in rows]


async def projects_with_settings(connection: Connection) -> list[UUID]:
    """Those that have said something about themselves."""
    return [row["project_id"] for row in await sql.settling.projects_with_settings(connection)]

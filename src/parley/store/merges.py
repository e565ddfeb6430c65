"""Moves all that belongs to one customer to another, and remembers where the first went."""

from datetime import datetime
from typing import Any
from uuid import UUID

from parley.domain.ids import bucket_of
from parley.store.database import Connection, sql

_MOVES = (
    sql.merges.move_messages,
    sql.merges.move_addresses,
    sql.merges.drop_same_events,
    sql.merges.move_events,
    sql.merges.move_consents,
    sql.merges.move_journey_steps,
    sql.merges.move_journeys,
    sql.merges.move_windows,
    sql.merges.delete_customer,
)
"""In this order. Messages go first: who has locked one writes its events without holding the customer, and they must be
there before the events are moved. Steps are found through their journeys, and the customer goes last."""


async def move_all(connection: Connection, project_id: UUID, source: UUID, into: UUID, now: datetime) -> None:
    """Rows keep their ids and take the bucket of `into`. The caller holds both customers."""
    ends: dict[str, Any] = {
        "bucket": bucket_of(source),
        "source": source,
        "into_bucket": bucket_of(into),
        "into_id": into,
    }
    await sql.merges.lock_source(connection, bucket=ends["bucket"], source=source)
    for move in _MOVES:
        await move(connection, **{name: ends[name] for name in move.wanted})
    await sql.merges.remember_merge(
        connection, bucket=ends["bucket"], source=source, project_id=project_id, into_id=into, now=now
    )

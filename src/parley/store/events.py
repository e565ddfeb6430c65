"""Events of customers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.event import Event, NewEvent
from parley.domain.ids import bucket_of, new_id_in
from parley.store.database import Connection, sql


class Slice(msgspec.Struct, frozen=True):
    """Which of a customer's events: of all types when none are given, all of them without a `size`."""

    types: Sequence[str] | None = None
    size: int | None = None
    skip: int = 0
    newest_first: bool = False


class PastEvent(msgspec.Struct, frozen=True):
    """An event as the data API shows it."""

    type: str
    occurred_at: datetime
    properties: dict[str, Any]


async def insert_events(
    connection: Connection, project_id: UUID, events: Sequence[NewEvent], now: datetime
) -> tuple[tuple[Event, NewEvent], ...]:
    """Records what was not recorded before; returns each such event with what it was made from, in their order."""
    made = [(_event(new), new, new.sameness()) for new in events]
    made.sort(key=lambda one: (bucket_of(one[1].customer_id), one[1].customer_id, one[2] or ""))  # no deadlock
    rows = await sql.events.insert_events(
        connection,
        project_id=project_id,
        now=now,
        buckets=[bucket_of(new.customer_id) for _, new, _ in made],
        ids=[event.id for event, _, _ in made],
        customer_ids=[new.customer_id for _, new, _ in made],
        types=[new.type for _, new, _ in made],
        times=[new.occurred_at for _, new, _ in made],
        properties=[new.properties for _, new, _ in made],
        samenesses=[sameness for _, _, sameness in made],
    )
    recorded = {row["id"] for row in rows}
    order = {id(new): place for place, new in enumerate(events)}
    kept = [(event, new) for event, new, _ in made if event.id in recorded]
    return tuple(sorted(kept, key=lambda pair: order[id(pair[1])]))


def _event(new: NewEvent) -> Event:
    ident = new_id_in(bucket_of(new.customer_id))
    return Event(ident, new.customer_id, new.type, new.occurred_at, new.properties)


async def past_events(connection: Connection, customer_id: UUID, wanted: Slice | None = None) -> list[PastEvent]:
    """A customer's events by their time, the oldest first unless asked otherwise."""
    wanted = wanted or Slice()
    query = sql.events.newest_events if wanted.newest_first else sql.events.oldest_events
    rows = await query(
        connection,
        bucket=bucket_of(customer_id),
        customer_id=customer_id,
        types=None if wanted.types is None else list(wanted.types),
        size=wanted.size,
        skip=wanted.skip,
    )
    return [PastEvent(row["type"], row["occurred_at"], row["properties"]) for row in rows]

"""Past events as the rules look at them: by id, or by type since some time, for many customers at once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.event import Event
from parley.domain.ids import bucket_of
from parley.store.database import Connection, sql

MOST_EVENTS = 1_000
"""Of one type of one customer: a condition that counts further back than that is a report, not a condition."""


class EventsWanted(msgspec.Struct, frozen=True):
    """The customer's events of one type, since (inclusive) or ever."""

    customer_id: UUID
    type: str
    since: datetime | None


async def events_by_id(connection: Connection, found_in: Collection[tuple[int, UUID]]) -> dict[UUID, Event]:
    """Of (bucket, event id)."""
    rows = await sql.event_facts.events_by_id(
        connection, buckets=[bucket for bucket, _ in found_in], ids=[ident for _, ident in found_in]
    )
    return {row["id"]: Event(**row) for row in rows}


async def events_wanted(connection: Connection, wanted: Sequence[EventsWanted]) -> dict[UUID, list[Event]]:
    """By customer, the oldest first."""
    found: dict[UUID, list[Event]] = {}
    if not wanted:
        return found
    rows = await sql.event_facts.events_wanted(
        connection,
        most=MOST_EVENTS,
        buckets=[bucket_of(one.customer_id) for one in wanted],
        customer_ids=[one.customer_id for one in wanted],
        types=[one.type for one in wanted],
        sinces=[one.since for one in wanted],
    )
    for row in rows:
        found.setdefault(row["customer_id"], []).append(Event(**row))
    return found

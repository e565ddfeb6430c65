"""Events of customers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.customer import Address
from parley.domain.event import Event, NewEvent
from parley.domain.ids import bucket_of, new_id, new_id_in
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


class Recorded(msgspec.Struct, frozen=True):
    """What was not recorded before."""

    events: tuple[tuple[Event, NewEvent], ...]
    """Each with what it was made from, in their order."""
    stamp: int | None
    """The project's, for services.definitions: it came along with the events. None when there are none."""


class AddressedEvent(msgspec.Struct, frozen=True):
    """An event of whom a hard id leads to."""

    address: Address
    type: str
    occurred_at: datetime
    properties: Mapping[str, Any]
    sameness: str | None


class _Made(msgspec.Struct, frozen=True):
    bucket: int
    customer_id: UUID
    sameness: str | None
    event: Event
    new: NewEvent


async def insert_events(
    connection: Connection, project_id: UUID, events: Sequence[NewEvent], now: datetime
) -> Recorded:
    """Records what was not recorded before."""
    made = [_made(new) for new in events]
    in_turn = sorted(made, key=_turn)
    rows = await sql.events.insert_events(
        connection,
        project_id=project_id,
        now=now,
        buckets=[one.bucket for one in in_turn],
        ids=[one.event.id for one in in_turn],
        customer_ids=[one.customer_id for one in in_turn],
        types=[one.new.type for one in in_turn],
        times=[one.new.occurred_at for one in in_turn],
        properties=[one.new.properties for one in in_turn],
        samenesses=[one.sameness for one in in_turn],
    )
    recorded = {row["id"] for row in rows}
    kept = tuple((one.event, one.new) for one in made if one.event.id in recorded)
    return Recorded(kept, rows[0]["stamp"] if rows else None)


async def insert_events_of_known(
    connection: Connection, project_id: UUID, events: Sequence[AddressedEvent], stamp: int, now: datetime
) -> bool:
    """As `lock_owners` and `insert_events` in a single statement. False, and nothing is stored, when that is not all
    there is to do: an id leads to nobody, or the project's stamp has moved.
    """
    stored: bool = await sql.events.insert_events_of_known(
        connection,
        project_id=project_id,
        stamp=stamp,
        now=now,
        buckets=[one.address.bucket for one in events],
        kinds=[one.address.kind for one in events],
        names=[one.address.name for one in events],
        values=[one.address.value for one in events],
        ids=[new_id() for _ in events],
        types=[one.type for one in events],
        times=[one.occurred_at for one in events],
        properties=[one.properties for one in events],
        samenesses=[one.sameness for one in events],
    )
    return stored


def _made(new: NewEvent) -> _Made:
    bucket = bucket_of(new.customer_id)
    event = Event(new_id_in(bucket), new.customer_id, new.type, new.occurred_at, new.properties)
    return _Made(bucket, new.customer_id, new.sameness(), event, new)


def _turn(one: _Made) -> tuple[int, UUID, str]:
    """All insert in this order: two batches with the same events wait for each other and do not deadlock."""
    return one.bucket, one.customer_id, one.sameness or ""


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


async def store_nothing(connection: Connection) -> None:
    """Waits as long as an event would that meets nobody: for ever, where PostgreSQL answers and yet can store none, for
    the table is locked, the disk of its log hangs, or the standby that is to have it is away.
    """
    await sql.events.store_nothing(connection)

"""Journeys as stored: a narrow row each, due at some time or woken by what the customer writes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.ids import bucket_of
from parley.store.database import Connection, sql


class NewJourney(msgspec.Struct, frozen=True):
    """One customer about to begin one scenario."""

    id: UUID
    customer_id: UUID
    scenario: str
    state: dict[str, Any]
    event_id: UUID


class JourneyRow(msgspec.Struct, frozen=True):
    """A journey whose turn it is."""

    bucket: int
    id: UUID
    project_id: UUID
    customer_id: UUID
    scenario: str
    state: dict[str, Any]
    event_id: UUID
    signals: list[dict[str, Any]]
    """Replies that came meanwhile, the first first."""


class JourneyMove(msgspec.Struct, frozen=True):
    """What became of it. `due_at` None: it ended."""

    bucket: int
    id: UUID
    state: dict[str, Any]
    due_at: datetime | None
    awaiting: str | None


class StepLine(msgspec.Struct, frozen=True):
    """One line of a journey's log."""

    bucket: int
    journey_id: UUID
    place: int
    """1, 2, ... within one write; the store continues the journey's own count."""
    node: str
    what: str


async def insert_journeys(
    connection: Connection, project_id: UUID, journeys: Sequence[NewJourney], now: datetime
) -> None:
    """Due at once."""
    await sql.journeys.insert_journeys(
        connection,
        project_id=project_id,
        now=now,
        buckets=[bucket_of(journey.id) for journey in journeys],
        ids=[journey.id for journey in journeys],
        customer_ids=[journey.customer_id for journey in journeys],
        scenarios=[journey.scenario for journey in journeys],
        states=[journey.state for journey in journeys],
        event_ids=[journey.event_id for journey in journeys],
    )


async def claim_due_journeys(connection: Connection, most: int, now: datetime) -> list[JourneyRow]:
    """Locks those whose time has come and nobody else holds."""
    rows = await sql.journeys.claim_due_journeys(connection, most=most, now=now)
    return [JourneyRow(**{name: row[name] for name in JourneyRow.__struct_fields__}) for row in rows]


async def move_journeys(connection: Connection, moves: Sequence[JourneyMove]) -> None:
    """Writes what became of rows that this transaction has locked."""
    await sql.journeys.move_journeys(
        connection,
        buckets=[move.bucket for move in moves],
        ids=[move.id for move in moves],
        states=[move.state for move in moves],
        due_ats=[move.due_at for move in moves],
        awaitings=[move.awaiting for move in moves],
    )


async def park_journey(connection: Connection, row: JourneyRow, until: datetime, now: datetime) -> None:
    """Leaves it as it is until then, and notes that it stands aside."""
    await sql.journeys.park_journey(connection, bucket=row.bucket, id=row.id, until=until, now=now)


async def signal_journeys(
    connection: Connection, signals: Sequence[tuple[UUID, dict[str, Any]]], now: datetime
) -> bool:
    """(customer, reply): what awaits a reply of that customer looks at it as soon as a worker is free.

    False when nothing does.
    """
    status: str = await sql.journeys.signal_journeys(
        connection,
        now=now,
        buckets=[bucket_of(customer_id) for customer_id, _ in signals],
        customer_ids=[customer_id for customer_id, _ in signals],
        signals=[signal for _, signal in signals],
    )
    return not status.endswith(" 0")


async def log_steps(connection: Connection, lines: Sequence[StepLine], now: datetime) -> None:
    """Appends."""
    await sql.journeys.log_steps(
        connection,
        now=now,
        buckets=[line.bucket for line in lines],
        journey_ids=[line.journey_id for line in lines],
        places=[line.place for line in lines],
        nodes=[line.node for line in lines],
        whats=[line.what for line in lines],
    )

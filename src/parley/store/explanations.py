"""What is stored of one message and of the journey that asked for it, for people who ask why."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.ids import BUCKETS
from parley.store.database import Connection, sql

_ALL_BUCKETS = list(range(BUCKETS))


class StoredMessage(msgspec.Struct, frozen=True):
    """Every column of a message."""

    bucket: int
    id: UUID
    project_id: UUID
    customer_id: UUID
    kind: str
    state: str
    integration: str | None
    account: str | None
    recipient: str | None
    content: dict[str, Any]
    origin: dict[str, Any]
    consent_category: str | None
    attempts: int
    planned_at: datetime
    due_at: datetime
    expires_at: datetime | None
    changed_at: datetime
    provider_message_id: str | None
    decision: dict[str, Any]
    outcome_code: str | None
    outcome_sentence: str | None
    quote: dict[str, Any] | None


class PastState(msgspec.Struct, frozen=True):
    """A state that a message reached."""

    at: datetime
    left_at: datetime | None
    """When the try left that ended so. None: no try ended."""
    state: str
    code: str | None
    sentence: str | None


class StepTaken(msgspec.Struct, frozen=True):
    """A line of a journey's log."""

    at: datetime
    node: str
    what: str


async def message_by_id(connection: Connection, said_id: str, project_id: UUID | None = None) -> StoredMessage | None:
    """By our id, else by the provider's; of one project, or of all."""
    by_ours, by_theirs = sql.explanations.message_by_id, sql.explanations.message_by_provider_id
    try:
        row = await by_ours(connection, buckets=_ALL_BUCKETS, id=UUID(said_id), project_id=project_id)
    except ValueError:
        row = None
    if row is None:
        row = await by_theirs(connection, provider_message_id=said_id, project_id=project_id)
    return None if row is None else StoredMessage(**row)


async def states_of(connection: Connection, message: StoredMessage) -> list[PastState]:
    """In the order in which we learned of them."""
    rows = await sql.explanations.states_of(
        connection, bucket=message.bucket, customer_id=message.customer_id, message_id=str(message.id)
    )
    return [PastState(**row) for row in rows]


async def steps_of(connection: Connection, journey_id: UUID) -> list[StepTaken]:
    """In their order."""
    rows = await sql.explanations.steps_of(connection, buckets=_ALL_BUCKETS, journey_id=journey_id)
    return [StepTaken(**row) for row in rows]

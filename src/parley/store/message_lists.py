"""Messages of a customer as a list, each with what holds it back and with its money."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.ids import bucket_of
from parley.store.customers import keys
from parley.store.database import Connection, sql


class MessagePage(msgspec.Struct, frozen=True):
    """Which messages, the newest first."""

    size: int
    states: Collection[str]
    since: datetime
    before: tuple[datetime, UUID]
    """When the last message of the page before was planned, and its id."""


class ListedMessage(msgspec.Struct, frozen=True):
    """The fields are the columns of the query, in their order."""

    id: UUID
    customer_id: UUID
    planned_at: datetime
    kind: str
    content: dict[str, Any]
    state: str
    code: str | None
    sentence: str | None
    due_at: datetime
    quote: dict[str, Any] | None
    stop_code: str | None
    """Its sender or its template must not be used; of what waits only, as `hold_…`."""
    stop_sentence: str | None
    hold_code: str | None
    """The provider found its sender too fast, or is away."""
    hold_sentence: str | None
    hold_until: datetime | None
    reserved: Decimal | None
    spent: Decimal | None
    known: bool | None


async def place_in_list(
    connection: Connection, project_id: UUID, customer_ids: Sequence[UUID], message_id: UUID
) -> tuple[datetime, UUID] | None:
    """Where the message of these customers stands. None: they have no such message."""
    row = await sql.message_lists.place_in_list(
        connection,
        buckets=[bucket_of(one) for one in customer_ids],
        customer_ids=customer_ids,
        project_id=project_id,
        id=message_id,
    )
    return None if row is None else (row["planned_at"], row["id"])


async def messages_of_customers(
    connection: Connection, project_id: UUID, customer_ids: Sequence[UUID], page: MessagePage, now: datetime
) -> list[ListedMessage]:
    """Refused ones, too."""
    before_at, before_id = page.before
    rows = await sql.message_lists.messages_of_customers(
        connection,
        **keys(customer_ids),
        project_id=project_id,
        size=page.size,
        states=list(page.states),
        since=page.since,
        before_at=before_at,
        before_id=before_id,
        now=now,
    )
    return [ListedMessage(*row) for row in rows]

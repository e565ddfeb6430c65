"""What customers said in each consent category, and the categories."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.consent import Action, ConsentCategory, ConsentEntry
from parley.domain.event import Event
from parley.domain.ids import bucket_of, new_id_in
from parley.store.customers import keys
from parley.store.database import Connection, sql


async def insert_consents(
    connection: Connection, project_id: UUID, said: Sequence[tuple[Event, ConsentEntry]], now: datetime
) -> None:
    """Appends what each event said."""
    buckets = [bucket_of(event.customer_id) for event, _ in said]
    await sql.consents.insert_consents(
        connection,
        project_id=project_id,
        now=now,
        buckets=buckets,
        ids=[new_id_in(bucket) for bucket in buckets],
        customer_ids=[event.customer_id for event, _ in said],
        categories=[entry.category for _, entry in said],
        actions=[entry.action.value for _, entry in said],
        valid_froms=[entry.valid_from for _, entry in said],
        valid_untils=[entry.valid_until for _, entry in said],
        sources=[entry.source for _, entry in said],
        event_ids=[event.id for event, _ in said],
        problems=[entry.problem for _, entry in said],
    )


async def consents_of(
    connection: Connection, customer_ids: Collection[UUID]
) -> dict[UUID, dict[str, list[ConsentEntry]]]:
    """All that these customers ever said, by customer and category, the oldest first."""
    found: dict[UUID, dict[str, list[ConsentEntry]]] = {one: {} for one in customer_ids}
    for row in await sql.consents.consents_of(connection, **keys(customer_ids)):
        found[row["customer_id"]].setdefault(row["category"], []).append(_entry(row))
    return found


def _entry(row: Any) -> ConsentEntry:
    return ConsentEntry(
        row["category"],
        Action(row["action"]),
        row["valid_from"],
        row["valid_until"],
        row["source"],
        row["problem"],
        row["event_id"],
    )


async def categories(connection: Connection, project_id: UUID) -> dict[str, ConsentCategory]:
    """The project's consent categories by name."""
    rows = await sql.consents.categories(connection, project_id=project_id)
    listed = [msgspec.json.decode(row["body"], type=ConsentCategory) for row in rows]
    return {category.name: category for category in listed}


async def insert_category(connection: Connection, project_id: UUID, category: ConsentCategory, now: datetime) -> None:
    """Adds a category that is not there yet, as a definition."""
    body = msgspec.json.format(msgspec.json.encode(category), indent=2)
    of = {"project_id": project_id, "name": category.name, "body": body, "now": now}
    await sql.consents.insert_category(connection, **of)
    await sql.consents.insert_category_version(connection, **of)

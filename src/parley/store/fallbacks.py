"""Free texts that WhatsApp found outside the window, and the templates that follow in their place."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.store.database import Connection, sql


class Refused(msgspec.Struct, frozen=True):
    """Such a free text."""

    bucket: int
    id: UUID
    project_id: UUID
    customer_id: UUID
    content: dict[str, Any]
    """Its template under `other`."""
    origin: dict[str, Any]
    consent_category: str | None
    expires_at: datetime | None
    run_id: UUID | None
    left_at: datetime


async def refused_texts(
    connection: Connection, most: int, since: datetime, now: datetime
) -> list[tuple[int, UUID, UUID]]:
    """(bucket, id, customer) of those that nothing follows yet; nothing is locked."""
    rows = await sql.fallbacks.refused_texts(connection, most=most, since=since, now=now)
    return [(row["bucket"], row["id"], row["customer_id"]) for row in rows]


async def claim_refused(
    connection: Connection, found: Sequence[tuple[int, UUID, UUID]], held: Collection[UUID], now: datetime
) -> list[Refused]:
    """Those of customers whom the transaction holds; of campaigns that may go on, which it holds then, too."""
    rows = await sql.fallbacks.claim_refused(
        connection,
        buckets=[bucket for bucket, _, _ in found],
        ids=[ident for _, ident, _ in found],
        customer_ids=list(held),
        now=now,
    )
    claimed = [Refused(**row) for row in rows]
    runs = {one.run_id for one in claimed if one.run_id is not None}
    going = {row["id"] for row in await sql.fallbacks.hold_runs(connection, ids=list(runs))} if runs else set()
    return [one for one in claimed if one.run_id is None or one.run_id in going]


async def followed(connection: Connection, followers: Mapping[UUID, UUID], claimed: Sequence[Refused]) -> None:
    """Notes which message was planned in the place of each."""
    await sql.fallbacks.followed(
        connection,
        buckets=[one.bucket for one in claimed],
        ids=[one.id for one in claimed],
        followers=[followers[one.id] for one in claimed],
    )


async def put_off(connection: Connection, one: Refused, until: datetime) -> None:
    """It is not looked at before then."""
    await sql.fallbacks.put_off(connection, bucket=one.bucket, id=one.id, until=until)

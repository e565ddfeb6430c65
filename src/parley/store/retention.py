"""Deletes what is older than its project keeps it, and takes erased customers out of what the provider told us."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.ids import new_id
from parley.store.customers import keys
from parley.store.database import Connection, sql


class Erasure(msgspec.Struct, frozen=True):
    """Customers who were erased, by the numbers that the provider calls them."""

    id: UUID
    project_id: UUID
    numbers: list[str]
    erased_at: datetime
    done_until: datetime
    """Callbacks that were received until then are done."""


async def all_project_ids(connection: Connection) -> list[UUID]:
    """In no order."""
    return [row["id"] for row in await sql.retention.all_project_ids(connection)]


async def forget_callbacks(connection: Connection, before: Mapping[UUID, datetime], most: int) -> int:
    """Of each project those received before its moment; says how many went."""
    gone: int = await sql.retention.forget_callbacks(
        connection, project_ids=list(before), befores=list(before.values()), most=most
    )
    return gone


async def forget_early_reports(connection: Connection, before: Mapping[UUID, datetime], most: int) -> int:
    """The same."""
    gone: int = await sql.retention.forget_early_reports(
        connection, project_ids=list(before), befores=list(before.values()), most=most
    )
    return gone


async def remember_erasure(
    connection: Connection, project_id: UUID, customer_ids: Collection[UUID], shortest: int, now: datetime
) -> None:
    """Before their numbers are erased. One of fewer than `shortest` letters is left out."""
    await sql.retention.remember_erasure(
        connection, id=new_id(), project_id=project_id, shortest=shortest, now=now, **keys(customer_ids)
    )


async def claim_erasure(connection: Connection, before: datetime) -> Erasure | None:
    """The oldest from before then that nobody else works on; locked until the transaction ends."""
    row = await sql.retention.claim_erasure(connection, before=before)
    return None if row is None else Erasure(**row)


async def erase_piece(connection: Connection, erasure: Erasure, most: int) -> bool:
    """Goes through the next `most` callbacks. False when there were none: then it is done and forgotten."""
    what = {"project_id": erasure.project_id, "numbers": erasure.numbers, "erased_at": erasure.erased_at}
    reached = await sql.retention.scrub_callbacks(connection, done_until=erasure.done_until, most=most, **what)
    if reached is not None:
        await sql.retention.move_erasure(connection, id=erasure.id, done_until=reached)
        return True
    await sql.retention.scrub_early_reports(connection, **what)
    await sql.retention.end_erasure(connection, id=erasure.id)
    return False

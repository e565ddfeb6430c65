"""The ledger of what messages cost. Entries are only ever appended; PostgreSQL itself refuses to change one."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from parley.domain.ids import bucket_of
from parley.store.database import Connection, sql


class LedgerRow(msgspec.Struct, frozen=True):
    """One entry, with all that a report asks of it."""

    at: datetime
    kind: str
    day: date
    origin: str
    market: str
    category: str
    currency: str
    reserved: Decimal
    spent: Decimal
    saved: Decimal
    known: bool
    why: str


class Booking(msgspec.Struct, frozen=True):
    """An entry about to be written."""

    message_id: UUID
    row: LedgerRow


class Counter(msgspec.Struct, frozen=True, order=True):
    """What is counted over a month, and what a price depends on."""

    owner: str
    """`account:shop-bot`, `project:TOKEN`, `portfolio:NAME`."""
    name: str
    """`service`, or a market and a category."""
    month: date
    """Its first day."""


async def book(connection: Connection, project_id: UUID, bookings: Sequence[Booking]) -> None:
    """All of one project, in one statement."""
    rows = [booking.row for booking in bookings]
    await sql.ledger.book(
        connection,
        project_id=project_id,
        buckets=[bucket_of(booking.message_id) for booking in bookings],
        message_ids=[booking.message_id for booking in bookings],
        ats=[row.at for row in rows],
        kinds=[row.kind for row in rows],
        days=[row.day for row in rows],
        origins=[row.origin for row in rows],
        markets=[row.market for row in rows],
        categories=[row.category for row in rows],
        currencies=[row.currency for row in rows],
        reserveds=[row.reserved for row in rows],
        spents=[row.spent for row in rows],
        saveds=[row.saved for row in rows],
        knowns=[row.known for row in rows],
        whys=[row.why for row in rows],
    )


async def count_up(connection: Connection, counts: Mapping[Counter, int]) -> dict[Counter, int]:
    """How far each stood before. Whoever counts the same waits until this transaction ends."""
    ordered = sorted(counts)
    rows = await sql.ledger.count_up(
        connection,
        owners=[one.owner for one in ordered],
        names=[one.name for one in ordered],
        months=[one.month for one in ordered],
        counts=[counts[one] for one in ordered],
    )
    stand = {Counter(*key): counted for *key, counted in rows}
    return {one: stand[one] - counts[one] for one in ordered}


async def counts_of(connection: Connection, owners: Collection[str], day: date) -> dict[Counter, int]:
    """All that they have counted in the months around that day."""
    span = timedelta(days=32)
    rows = await sql.ledger.counts_of(connection, owners=list(owners), since=day - span, until=day + span)
    return {Counter(*key): counted for *key, counted in rows}


async def entries_of(connection: Connection, message_id: UUID) -> list[LedgerRow]:
    """Of one message, in their order."""
    rows = await sql.ledger.entries_of(connection, bucket=bucket_of(message_id), message_id=message_id)
    return [LedgerRow(*row) for row in rows]

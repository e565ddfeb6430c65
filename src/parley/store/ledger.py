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


class Period(msgspec.Struct, frozen=True):
    """Days whose money counts together, of one origin or of all."""

    since: date
    until: date
    """The first day that is not in it."""
    origin: str | None = None


class ReportLine(msgspec.Struct, frozen=True):
    """Totals of one day, market, category or origin, in one currency."""

    key: str
    currency: str
    messages: int
    """That arrived; refused, failed and waiting ones cost nothing."""
    free: int
    unpriced: int
    """That cost something nobody knows."""
    reserved: Decimal
    spent: Decimal
    saved: Decimal


class Told(msgspec.Struct, frozen=True):
    """Something about a budget that is told once."""

    budget: str
    period: date
    level: str
    sentence: str
    until: datetime | None


async def add_up(connection: Connection, most: int) -> int:
    """How many changes went into the totals; 0: none is left, or others work on them."""
    added: int = await sql.ledger.add_up(connection, most=most)
    return added


async def used(connection: Connection, project_id: UUID, currency: str, periods: Sequence[Period]) -> list[Decimal]:
    """Reserved and spent in each, as far as it is committed."""
    rows = await sql.ledger.used(
        connection,
        project_id=project_id,
        currency=currency,
        numbers=list(range(len(periods))),
        sinces=[period.since for period in periods],
        untils=[period.until for period in periods],
        origins=[period.origin for period in periods],
    )
    by_number = {row["number"]: row["used"] for row in rows}
    return [by_number[number] for number in range(len(periods))]


async def hold_budgets(connection: Connection, project_id: UUID) -> None:
    """What is read after this is the last word until the transaction ends."""
    await sql.ledger.hold_budgets(connection, project_id=project_id)


async def warn(connection: Connection, project_id: UUID, told: Told, now: datetime) -> bool:
    """False: it was told before."""
    is_new = await sql.ledger.warn(connection, project_id=project_id, now=now, **msgspec.structs.asdict(told))
    return bool(is_new)


async def forget_warnings(connection: Connection, project_id: UUID, standing: Sequence[Told]) -> None:
    """All but those that stand: a budget that has room again is told of anew when it is nearly gone."""
    await sql.ledger.forget_warnings(
        connection,
        project_id=project_id,
        budgets=[told.budget for told in standing],
        periods=[told.period for told in standing],
        levels=[told.level for told in standing],
    )


async def report(connection: Connection, project_id: UUID, by: str, since: date, until: date) -> list[ReportLine]:
    """Of the days from `since` to `until`, both with it."""
    rows = await sql.ledger.report(connection, project_id=project_id, by=by, since=since, until=until)
    return [ReportLine(**row) for row in rows]


async def entries_of_many(connection: Connection, message_ids: Sequence[UUID]) -> dict[UUID, list[LedgerRow]]:
    """By message, in their order."""
    rows = await sql.ledger.entries_of_many(
        connection, buckets=[bucket_of(one) for one in message_ids], message_ids=list(message_ids)
    )
    found: dict[UUID, list[LedgerRow]] = {one: [] for one in message_ids}
    for message_id, *columns in rows:
        found[message_id].append(LedgerRow(*columns))
    return found


async def mark_settled(connection: Connection, at: Sequence[tuple[int, UUID]]) -> None:
    """(bucket, id) of messages that this transaction has locked."""
    await sql.ledger.mark_settled(connection, buckets=[bucket for bucket, _ in at], ids=[ident for _, ident in at])

"""Tiers: whom an account, or all of a portfolio, has reached lately. Written only by the claim that holds the tier."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

import msgspec

from parley.domain.ids import bucket_of_text
from parley.store.database import Connection, sql
from parley.store.lanes import Lane

SWEPT_AT_ONCE = 10_000


class Reached(msgspec.Struct, frozen=True):
    """Somebody who may count in a tier."""

    tier: str
    recipient: str


class Slice(msgspec.Struct, frozen=True):
    """What was counted in some minutes."""

    tier: str
    slice: datetime
    """Its begin."""
    recipients: int
    expected: int
    """Messages that were told to come when its places are free again."""


class Taken(msgspec.Struct, frozen=True):
    """Somebody counts from this slice on, by so many messages more."""

    reached: Reached
    slice: datetime
    messages: int


class Span(msgspec.Struct, frozen=True):
    """The slices that count."""

    since: datetime
    """Later than this ..."""
    until: datetime
    """... and not later than that."""


async def try_tiers(connection: Connection, names: Collection[str]) -> set[str]:
    """Those that no other claim holds; held until the transaction ends. What is read after this is the last word."""
    return {row["name"] for row in await sql.tiers.try_tiers(connection, names=list(names))}


async def slices_of(connection: Connection, tiers: Collection[str], span: Span) -> list[Slice]:
    """All that count now."""
    rows = await sql.tiers.slices_of(connection, tiers=list(tiers), since=span.since, until=span.until)
    return [Slice(**row) for row in rows]


async def counted(connection: Connection, wanted: Collection[Reached], span: Span) -> dict[Reached, datetime]:
    """In which slice each counts; missing who does not."""
    by_key = {(one.tier, _digest(one.recipient)): one for one in wanted}
    rows = await sql.tiers.counted(connection, since=span.since, until=span.until, **_keys(wanted))
    return {by_key[row["tier"], row["recipient"]]: row["slice"] for row in rows}


async def count(connection: Connection, taken: Collection[Taken], slices: Collection[Slice], span: Span) -> None:
    """In which slice each counts from now on, and what that adds to the slices or takes from them."""
    if taken:
        await sql.tiers.count_recipients(
            connection,
            slices=[one.slice for one in taken],
            messages=[one.messages for one in taken],
            since=span.since,
            until=span.until,
            **_keys([one.reached for one in taken]),
        )
    if slices:
        await _count_slices(connection, slices)


async def tiers_to_give_back(connection: Connection) -> list[str]:
    """Those in which messages that reached nobody hold places."""
    return [row["tier"] for row in await sql.tiers.tiers_to_give_back(connection)]


async def give_back(connection: Connection, names: Collection[str], most: int) -> Counter[Lane]:
    """Of tiers that this transaction holds: places of messages that reached nobody, as many as that; and from which
    lanes those messages were.
    """
    rows = await sql.tiers.let_go_of_places(connection, names=list(names), most=most)
    given = Counter(Reached(row["tier"], row["recipient"] or "") for row in rows)
    keys = _keys(given)
    await sql.tiers.uncount_messages(connection, messages=list(given.values()), **keys)
    gone = await sql.tiers.uncount_recipients(connection, **keys)
    freed = Counter((row["tier"], row["slice"]) for row in gone)
    if freed:
        await _count_slices(connection, [Slice(tier, at, -count, 0) for (tier, at), count in freed.items()])
    return Counter(Lane(row["project_id"], row["integration"] or "") for row in rows)


async def _count_slices(connection: Connection, slices: Collection[Slice]) -> None:
    await sql.tiers.count_slices(
        connection,
        tiers=[one.tier for one in slices],
        slices=[one.slice for one in slices],
        recipients=[one.recipients for one in slices],
        expected=[one.expected for one in slices],
    )


async def sweep_tiers(connection: Connection, before: datetime) -> None:
    """Forgets what was counted before."""
    await sql.tiers.sweep_recipients(connection, before=before, most=SWEPT_AT_ONCE)
    await sql.tiers.sweep_slices(connection, before=before)


def _keys(reached: Collection[Reached]) -> dict[str, list[object]]:
    return {
        "buckets": [bucket_of_text(one.recipient) for one in reached],
        "tiers": [one.tier for one in reached],
        "recipients": [_digest(one.recipient) for one in reached],
    }


def _digest(recipient: str) -> UUID:
    return UUID(bytes=blake2b(recipient.encode("utf-8", "surrogatepass"), digest_size=16).digest())

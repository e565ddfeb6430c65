"""Tiers: whom an account, or all of a portfolio, has reached lately. Written only by the claim that holds the tier."""

from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

import msgspec

from parley.domain.ids import bucket_of_text
from parley.store.database import Connection, sql

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


async def count(connection: Connection, reached: Mapping[Reached, datetime], slices: Collection[Slice]) -> None:
    """In which slice each counts from now on, and what that adds to the slices or takes from them."""
    await sql.tiers.count_recipients(connection, slices=list(reached.values()), **_keys(reached))
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

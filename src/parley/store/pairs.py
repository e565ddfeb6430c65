"""Pairs: how much of its burst an account has used with one person."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.ids import bucket_of_text
from parley.store.database import Connection, sql


class Pair(msgspec.Struct, frozen=True, order=True):
    """An account, as the provider calls it, and whom it writes to."""

    account: str
    recipient: str


async def lock_pairs(connection: Connection, project_id: UUID, pairs: Collection[Pair]) -> dict[Pair, datetime]:
    """Until when each is paid for; missing where nothing was sent lately."""
    return _paid(await sql.pairs.lock_pairs(connection, project_id=project_id, **_keys(pairs)))


async def hold_pairs(
    connection: Connection, project_id: UUID, pairs: Collection[Pair], now: datetime
) -> dict[Pair, datetime]:
    """The same, also of those to whom nothing was sent lately: nobody else decides about them meanwhile."""
    return _paid(await sql.pairs.hold_pairs(connection, project_id=project_id, now=now, **_keys(pairs)))


async def pay(
    connection: Connection, project_id: UUID, sent: Mapping[Pair, int], each: timedelta, most: timedelta, now: datetime
) -> None:
    """So many messages leave now, `each` of them takes so long to pay for; nobody owes more than `most`."""
    counts = list(sent.values())
    await sql.pairs.pay(connection, project_id=project_id, counts=counts, each=each, most=most, now=now, **_keys(sent))


async def sweep_pairs(connection: Connection, now: datetime) -> None:
    """Forgets whoever has paid."""
    await sql.pairs.sweep_pairs(connection, now=now)


def _paid(rows: Iterable[Any]) -> dict[Pair, datetime]:
    return {Pair(row["account"], row["recipient"]): row["paid_until"] for row in rows}


def _keys(pairs: Collection[Pair]) -> dict[str, list[object]]:
    return {
        "buckets": [bucket_of_text(pair.recipient) for pair in pairs],
        "accounts": [pair.account for pair in pairs],
        "recipients": [pair.recipient for pair in pairs],
    }

"""Departures: messages that have left, as far as they count in how often a customer is written to."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.message import HAVE_LEFT
from parley.store.customers import keys
from parley.store.database import Connection, sql

_STATES = sorted(HAVE_LEFT)
_LOW_BITS = (1 << 63) - 1
"""Of an id: what is random in it."""


class Departure(msgspec.Struct, frozen=True):
    """A message that left."""

    left_at: datetime
    kind: str
    consent_category: str | None
    template: str | None
    language: str | None


async def departures_of(
    connection: Connection, customer_ids: Collection[UUID], kinds: Collection[str], since: datetime, most: int
) -> dict[UUID, list[Departure]]:
    """The newest first, at most so many of each customer."""
    rows = await sql.departures.departures_of(
        connection, kinds=list(kinds), states=_STATES, since=since, most=most, **keys(customer_ids)
    )
    found: dict[UUID, list[Departure]] = defaultdict(list)
    for customer_id, *columns in rows:
        found[customer_id].append(Departure(*columns))
    return found


async def hold_departures(connection: Connection, customer_ids: Collection[UUID]) -> None:
    """Until the transaction ends, no other claim counts what these customers were sent."""
    await sql.departures.hold_departures(connection, keys=sorted(one.int & _LOW_BITS for one in customer_ids))

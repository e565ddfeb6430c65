"""Messages whose use is over while no claim looks at them."""

from collections.abc import Collection
from datetime import datetime

from parley.store.campaigns import HELD_UNTIL
from parley.store.database import Connection, sql
from parley.store.messages import MessageRow, message_row


async def expired_while_paused(connection: Connection, most: int, now: datetime) -> list[MessageRow]:
    """Locks those that the pause of a campaign has put aside; one that somebody holds is passed over."""
    rows = await sql.expiries.while_paused(connection, held_until=HELD_UNTIL, most=most, now=now)
    return [message_row(row) for row in rows]


async def expired_while_held(
    connection: Connection, priorities: Collection[int], until: datetime, most: int, now: datetime
) -> list[MessageRow]:
    """Locks those of senders that must wait until then and longer, or whose provider is away; one that somebody holds
    is passed over.
    """
    rows = await sql.expiries.while_held(connection, priorities=list(priorities), held_until=until, most=most, now=now)
    return [message_row(row) for row in rows]

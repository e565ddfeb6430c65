"""Messages that have lost their use become *expired*, and the money that was set aside for them is free again.

A claim sees to that by itself, and whatever waits is due at its `expires_at` at the latest. Here is done what no claim
comes to: messages that the pause of a campaign has put aside, and those of senders that the provider has asked to wait,
or whose provider is away.
"""

from datetime import datetime, timedelta
from functools import partial

from parley.domain.message import State
from parley.queue.backoff import CEILING_SECONDS
from parley.services.move_messages import Change, move_locked
from parley.services.plan_messages import CAMPAIGN_PRIORITY, REPLY_PRIORITY
from parley.store.database import Connection, Database
from parley.store.expiries import expired_while_held, expired_while_paused
from parley.store.messages import MessageRow

AT_ONCE = 500
SOON = timedelta(seconds=CEILING_SECONDS)
"""A sender that must wait no longer is left to its next claims, which take all that is due: who slows down without
being told how long never waits longer."""


async def expire_messages(database: Database, now: datetime) -> int:
    """How many did."""
    return await database.run(partial(_expire, now=now))


async def _expire(connection: Connection, now: datetime) -> int:
    rows = await expired_while_paused(connection, AT_ONCE, now) or await expired_while_held(
        connection, (REPLY_PRIORITY, CAMPAIGN_PRIORITY), now + SOON, AT_ONCE, now
    )
    changes = [change for row in rows if (change := expiry(row, now))]
    await move_locked(connection, rows, changes, now)
    return len(changes)


def expiry(row: MessageRow, now: datetime) -> Change | None:
    """Of a message whose use is over; else None."""
    if row.expires_at is None or row.expires_at > now:
        return None
    sentence = f"Its use was over at {row.expires_at:%Y-%m-%d %H:%M:%S} UTC, before it could be sent."
    return Change(row.id, State.EXPIRED, now, code="expired", sentence=sentence)

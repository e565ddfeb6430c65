"""Senders that must wait: their provider asked them to slow down, or is away. Then one message at a time asks whether
it is back, over all processes.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from parley.store.database import Connection, sql
from parley.store.lanes import Lane

AWAY_SECONDS = 600.0
"""After its hold a sender's provider is taken to be away for so long, if nothing more is known."""


class Hold(msgspec.Struct, frozen=True):
    """A sender that must wait, for what the provider said, or because it says nothing."""

    lane: Lane
    code: str
    sentence: str
    seconds: float
    """As the provider asked; 0 when it did not say."""
    is_away: bool = False


async def hold_lane(connection: Connection, hold: Hold, base: float, ceiling: float, now: datetime) -> None:
    """As long as the provider asked, or from `base` seconds doubling to `ceiling` while it goes on so."""
    await sql.holds.hold(
        connection,
        **_of(hold.lane),
        code=hold.code,
        sentence=hold.sentence,
        asked_seconds=hold.seconds,
        is_away=hold.is_away,
        base_seconds=base,
        ceiling_seconds=ceiling,
        away_seconds=AWAY_SECONDS,
        now=now,
    )


async def ask_by(connection: Connection, lanes: Collection[Lane], now: datetime, until: datetime) -> set[Lane]:
    """Of senders whose provider is away those by which the caller may ask whether it is back: nobody else may until
    then, or until it has ended asking. Outside of any transaction, so that nobody waits for it.
    """
    return {lane for lane in sorted(lanes) if await sql.holds.ask(connection, **_of(lane), now=now, asking_until=until)}


async def end_asking(connection: Connection, lane: Lane) -> None:
    """What was asked has come to an end, or nothing was asked after all."""
    await sql.holds.end_asking(connection, **_of(lane))


async def end_away(connection: Connection, lane: Lane, now: datetime) -> None:
    """The provider has answered: all may leave."""
    await sql.holds.end_away(connection, **_of(lane), now=now)


def _of(lane: Lane) -> dict[str, Any]:
    return {"project_id": lane.project_id, "sender": lane.sender}

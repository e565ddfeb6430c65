"""Permits: how many messages may leave now, over all processes."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from parley.store.database import Connection, sql


class Ask(msgspec.Struct, frozen=True):
    """For permits of one limit."""

    name: str
    per_second: float
    burst: float
    wanted: int
    returned: int = 0
    """Got before and not used."""


class Granted(msgspec.Struct, frozen=True):
    """What there was."""

    count: int
    left_over: float


async def take_permits(connection: Connection, asks: Sequence[Ask], now: datetime | None = None) -> dict[str, Granted]:
    """By the limit's name. Outside of any transaction, so that nobody waits for the permits of another.

    `now` is the database's own clock when left out: the clocks of several machines never agree.
    """
    rows = await sql.permits.take_permits(
        connection,
        names=[ask.name for ask in asks],
        rates=[ask.per_second for ask in asks],
        bursts=[ask.burst for ask in asks],
        wanted=[ask.wanted for ask in asks],
        returned=[ask.returned for ask in asks],
        now=now,
    )
    return {row["name"]: Granted(row["granted"], row["permits"]) for row in rows}

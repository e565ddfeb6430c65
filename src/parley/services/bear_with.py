"""One row that cannot be worked on must not hold back the others that were claimed with it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import structlog

from parley.store.database import Connection, is_lost

Row = TypeVar("Row")
Made = TypeVar("Made")

PARKED = timedelta(minutes=10)
"""How long a row that broke its work waits before it is tried again; the log has the reason."""


async def bear_with(
    connection: Connection,
    rows: Sequence[Row],
    work: Callable[[Sequence[Row]], Awaitable[list[Made]]],
    park: Callable[[Row], Awaitable[None]],
) -> list[Made]:
    """`work` on all rows at once; if that fails, on each alone, and whoever fails alone is parked.

    Each try is a savepoint of the transaction that claimed the rows, so nothing of a failed one stays. That the
    connection is gone is no row's fault: the error is raised, and the rows stay as they were.
    """
    try:
        async with connection.transaction():
            return await work(rows)
    except Exception:
        if is_lost(connection):
            raise
        structlog.get_logger().warning("a batch failed, working row by row", rows=len(rows))
    made: list[Made] = []
    for row in rows:
        try:
            async with connection.transaction():
                made += await work([row])
        except Exception:
            if is_lost(connection):
                raise
            structlog.get_logger().exception("parked", row=repr(row)[:500], minutes=PARKED.total_seconds() / 60)
            await park(row)
    return made

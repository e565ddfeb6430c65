"""One row that cannot be worked on must not hold back the others that were claimed with it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import structlog

from parley.store.database import AWAY, Connection, is_lost, transaction_of

Row = TypeVar("Row")
Made = TypeVar("Made")

PARKED = timedelta(minutes=10)
"""How long a row that broke its work waits before it is tried again; the log has the reason."""
THEN_PARKED = "parked"
THEN_PASSED_OVER = "passed over"


async def bear_with(
    connection: Connection,
    rows: Sequence[Row],
    work: Callable[[Sequence[Row]], Awaitable[list[Made]]],
    park: Callable[[Row], Awaitable[None]],
    then: str = THEN_PARKED,
) -> list[Made]:
    """`work` on all rows at once; if that fails, on each alone, and whoever fails alone is given to `park`, and to the
    log, with what happens then.

    Each try is a savepoint of the transaction that claimed the rows, so nothing of a failed one stays. That the
    database is gone, does not answer or is full, or that two transactions stood in each other's way, is no row's fault:
    the error is raised, and the rows stay as they were.
    """
    try:
        async with transaction_of(connection):
            return await work(rows)
    except AWAY:
        raise
    except Exception:
        if is_lost(connection):
            raise
        structlog.get_logger().warning("a batch failed, working row by row", rows=len(rows))
    made: list[Made] = []
    for row in rows:
        try:
            async with transaction_of(connection):
                made += await work([row])
        except AWAY:
            raise
        except Exception:
            if is_lost(connection):
                raise
            structlog.get_logger().exception(then, row=repr(row)[:500])
            await park(row)
    return made

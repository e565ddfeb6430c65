"""What is to be judged anew: messages that wait for reasons which rest on a definition that has changed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from parley.store.database import Connection, sql


class Reevaluation(msgspec.Struct, frozen=True):
    """Of one sender's messages, or with None of those of all."""

    id: int
    project_id: UUID
    sender: str | None
    codes: list[str]
    """Why they wait: outcome codes."""
    judged_until: datetime | None
    """Those alone that were last judged by then. None: nobody has looked yet which they are."""


async def ask_reevaluation(
    connection: Connection, project_id: UUID, sender: str | None, codes: Sequence[str], now: datetime
) -> None:
    """For the workers to do."""
    await sql.reevaluations.ask(connection, project_id=project_id, sender=sender, codes=list(codes), now=now)


async def is_any_asked(connection: Connection) -> bool:
    """Also one that a worker is at."""
    asked: bool = await sql.reevaluations.is_any(connection)
    return asked


async def claim_reevaluation(connection: Connection) -> Reevaluation | None:
    """Until the end of the transaction nobody else is at it."""
    row = await sql.reevaluations.claim(connection)
    return Reevaluation(**row) if row is not None else None


async def go_on_later(connection: Connection, asked: Reevaluation, now: datetime) -> None:
    """Others have their turn first."""
    await sql.reevaluations.go_on_later(connection, id=asked.id, judged_until=asked.judged_until, now=now)


async def finish(connection: Connection, asked: Reevaluation) -> None:
    """Nothing of it is left."""
    await sql.reevaluations.finish(connection, id=asked.id)

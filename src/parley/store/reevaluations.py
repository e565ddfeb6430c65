"""What is to be judged anew: messages that wait for a reason which rests on something that has changed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from parley.store.database import Connection, sql


class Concerned(msgspec.Struct, frozen=True):
    """Whose messages. None: of all senders, of all templates and of none."""

    sender: str | None = None
    template: str | None = None
    """As its definition is called, `cart_reminder.en`."""


class Reevaluation(msgspec.Struct, frozen=True):
    """Of the messages that wait for one reason."""

    id: int
    project_id: UUID
    code: str
    """Why they wait."""
    sender: str | None
    template: str | None
    judging: list[str] | None
    """The transactions that judged when a worker first looked, without those that have ended. None: nobody has looked
    yet."""
    last: UUID | None
    """Of those that waited when nobody judged by the old definitions any more. None: nobody has seen to that yet."""
    reached: UUID
    """All up to this one have been looked at."""
    passed_over: list[UUID]
    """Of these. Somebody else had locked them."""


class PutOff(msgspec.Struct, frozen=True):
    """A message that waits for the reason."""

    id: UUID
    is_meant: bool
    """It is one of those that are to be judged anew, and not due by itself."""


async def ask_reevaluation(
    connection: Connection, project_id: UUID, concerned: Concerned, codes: Collection[str], now: datetime
) -> None:
    """For the workers to do: of what waits for each of these reasons."""
    asked = msgspec.structs.asdict(concerned)
    await sql.reevaluations.ask(connection, project_id=project_id, codes=list(codes), now=now, **asked)


async def is_any_asked(connection: Connection) -> bool:
    """Also one that a worker is at."""
    asked: bool = await sql.reevaluations.is_any(connection)
    return asked


async def claim_reevaluation(connection: Connection) -> Reevaluation | None:
    """Until the end of the transaction nobody else is at it."""
    row = await sql.reevaluations.claim(connection)
    return Reevaluation(**row) if row is not None else None


async def last_put_off(connection: Connection, asked: Reevaluation) -> UUID | None:
    """The last message that waits for the reason; None: there is none."""
    last: UUID | None = await sql.reevaluations.last_put_off(connection, **_reason(asked))
    return last


async def next_put_off(connection: Connection, asked: Reevaluation, most: int, now: datetime) -> list[PutOff]:
    """Up to the last one, those that have not been looked at. Nothing is locked."""
    rows = await sql.reevaluations.next_put_off(
        connection,
        **_reason(asked),
        sender=asked.sender,
        template=asked.template,
        reached=asked.reached,
        last=asked.last,
        most=most,
        now=now,
    )
    return [PutOff(**row) for row in rows]


async def make_due(connection: Connection, asked: Reevaluation, ids: Sequence[UUID], now: datetime) -> int:
    """Those that still wait; one that somebody has locked is passed over. Says how many."""
    status: str = await sql.reevaluations.make_due(connection, **_reason(asked), ids=ids, now=now)
    return int(status.rpartition(" ")[2])


async def still_put_off(connection: Connection, asked: Reevaluation, ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Those that wait, also where somebody has locked them."""
    rows = await sql.reevaluations.still_put_off(connection, **_reason(asked), ids=ids, now=now)
    return [row["id"] for row in rows]


async def go_on_later(connection: Connection, asked: Reevaluation, now: datetime) -> None:
    """From where it says that it is. Others have their turn first."""
    await sql.reevaluations.go_on_later(
        connection,
        id=asked.id,
        judging=asked.judging,
        last=asked.last,
        reached=asked.reached,
        passed_over=asked.passed_over,
        now=now,
    )


async def finish(connection: Connection, asked: Reevaluation) -> None:
    """Nothing of it is left."""
    await sql.reevaluations.finish(connection, id=asked.id)


def _reason(asked: Reevaluation) -> dict[str, object]:
    return {"project_id": asked.project_id, "code": asked.code}

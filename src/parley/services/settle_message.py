"""The operator settles an uncertain message: it is sent again, or given up. Nothing here happens by itself."""

from datetime import datetime

import msgspec

from parley.domain.errors import InvalidInputError, ParleyError, Problem
from parley.domain.message import State
from parley.services.explain_message import UnknownMessageError
from parley.services.move_messages import Change, move_locked
from parley.store.database import Connection, Database
from parley.store.explanations import message_by_id
from parley.store.messages import MessageRow, lock_messages
from parley.store.wakeups import announce_work


class NotUncertainError(ParleyError):
    """Only an uncertain message can be settled."""


class ErasedMessageError(ParleyError):
    """Its customer was erased, and what would be sent with him. It can only be given up."""


class Order(msgspec.Struct, frozen=True):
    """Who says so, and why; both are kept in the campaign event."""

    by: str
    why: str


async def send_again(database: Database, said_id: str, order: Order, now: datetime) -> MessageRow:
    """Back to the queue, where the policy decides again; the customer may get it twice.

    Returns the message as it stood. Raises UnknownMessageError, NotUncertainError, ErasedMessageError.
    """
    async with database.transaction() as connection:
        row = await _uncertain(connection, said_id, order)
        if not row.content:
            raise ErasedMessageError
        sentence = f"{order.by} had it sent again: {order.why}"
        change = Change(
            row.id, State.QUEUED, now, due_at=now, code="sent_again", sentence=sentence, details=_details(order),
            ordered=True,
        )  # fmt: skip
        await move_locked(connection, [row], [change], now)
        await announce_work(connection)
    return row


async def give_up(database: Database, said_id: str, order: Order, now: datetime) -> MessageRow:
    """Failed; a report that it was delivered after all still counts.

    Returns the message as it stood. Raises UnknownMessageError, NotUncertainError.
    """
    async with database.transaction() as connection:
        row = await _uncertain(connection, said_id, order)
        sentence = f"{order.by} gave it up: {order.why}"
        change = Change(row.id, State.FAILED, now, code="given_up", sentence=sentence, details=_details(order))
        await move_locked(connection, [row], [change], now)
    return row


async def _uncertain(connection: Connection, said_id: str, order: Order) -> MessageRow:
    """Locked, so that a report which comes meanwhile waits."""
    missing = [Problem(name, "Say it; it is kept.") for name in ("by", "why") if not getattr(order, name).strip()]
    if missing:
        raise InvalidInputError(missing)
    known = await message_by_id(connection, said_id)
    rows = await lock_messages(connection, [known.id]) if known else []
    if not rows:
        raise UnknownMessageError
    if rows[0].state != State.UNCERTAIN:
        raise NotUncertainError(f"The message is {rows[0].state}; only an uncertain one can be settled.")
    return rows[0]


def _details(order: Order) -> dict[str, str]:
    return {"ordered_by": order.by, "ordered_why": order.why}

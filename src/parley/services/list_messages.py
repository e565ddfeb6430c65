"""The messages of one customer, the newest first: what each was, where it stands and why, what it costs."""

from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.message import GOES_WELL, Kind, State
from parley.domain.project import Project
from parley.services.facts import template_named
from parley.services.whom import whom
from parley.store.campaigns import HELD_UNTIL
from parley.store.database import Connection, Database
from parley.store.explanations import StoredMessage
from parley.store.message_lists import ListedMessage, MessagePage, messages_of_customers, place_in_list

MOST_ON_A_PAGE = 1_000
FIRST_WORDS = 60
"""Characters of a text that tell it from others."""
_WAIT = (State.PLANNED, State.QUEUED)
_EARLIEST, _LATEST = datetime(1, 1, 1, tzinfo=UTC), (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))
_ITS_TURN = "Waits for a worker to take it. `parley doctor` says what keeps them."


class WaitsFor(msgspec.Struct, frozen=True):
    """Why a message waits, and until when, where that is known."""

    code: str | None
    sentence: str | None
    until: datetime | None = None


class MessagesAsked(msgspec.Struct, frozen=True):
    """Whose messages, and which page of them."""

    customer: str
    size: int
    states: Collection[State] = ()
    """Only those that stand so; all when empty."""
    since: datetime | None = None
    """Only those planned then or later."""
    before: UUID | None = None
    """The id of the last message of the page before."""


class MessageCost(msgspec.Struct, frozen=True):
    """In one currency. None where something was, or will be, spent and nobody knows how much."""

    currency: str
    estimated: Decimal | None
    reserved: Decimal
    spent: Decimal | None


class MessageLine(msgspec.Struct, frozen=True):
    """A message as a list shows it."""

    id: UUID
    customer_id: UUID
    planned_at: datetime
    kind: str
    preset: str | None
    template: str | None
    """As its definition is called, `cart_reminder.en`; of a template only."""
    text: str | None
    """Its first words; of media the caption or the address."""
    state: str
    code: str | None
    sentence: str | None
    """Why it was refused, failed or waits."""
    waits_until: datetime | None
    cost: MessageCost | None


class MessagesListed(msgspec.Struct, frozen=True):
    """A page of the list."""

    messages: list[MessageLine]
    next: UUID | None
    """Ask for what is before this id; None on the last page."""


async def list_messages(database: Database, project: Project, asked: MessagesAsked, now: datetime) -> MessagesListed:
    """Of all customers with that number, where a number is given. Raises InvalidInputError, NobodyError."""
    if not 1 <= asked.size <= MOST_ON_A_PAGE:
        raise InvalidInputError([Problem("size", f"must be from 1 to {MOST_ON_A_PAGE}.")])
    async with database.connection() as connection:
        found = await whom(connection, project, asked.customer)
        page = MessagePage(
            asked.size + 1,  # so that one sees whether anything follows
            asked.states or tuple(State),
            asked.since or _EARLIEST,
            await _before(connection, project, found, asked.before),
        )
        rows = await messages_of_customers(connection, project.id, found, page, now)
    following = rows[asked.size - 1].id if len(rows) > asked.size else None
    return MessagesListed([_line(row, now) for row in rows[: asked.size]], following)


async def _before(
    connection: Connection, project: Project, customer_ids: list[UUID], message_id: UUID | None
) -> tuple[datetime, UUID]:
    if message_id is None:
        return _LATEST
    place = await place_in_list(connection, project.id, customer_ids, message_id)
    if place is None:
        raise InvalidInputError([Problem("before", "must be the id that `next` named on the page before.")])
    return place


def _line(row: ListedMessage, now: datetime) -> MessageLine:
    parameters: dict[str, Any] = row.content.get("parameters", {})
    reason = _reason(row, now)
    return MessageLine(
        id=row.id,
        customer_id=row.customer_id,
        planned_at=row.planned_at,
        kind=row.kind,
        preset=row.content.get("preset"),
        template=template_named(Kind(row.kind), parameters) or None,
        text=_first_words(parameters),
        state=row.state,
        code=reason.code,
        sentence=reason.sentence,
        waits_until=reason.until,
        cost=_cost(row),
    )


def _first_words(parameters: dict[str, Any]) -> str | None:
    told = (parameters.get(name) for name in ("text", "caption", "place", "filename", "media_url"))
    text = " ".join(str(next((one for one in told if one), "")).split())
    if len(text) <= FIRST_WORDS:
        return text or None
    return f"{text[:FIRST_WORDS].rpartition(' ')[0] or text[:FIRST_WORDS]}…"


async def what_it_waits_for(connection: Connection, message: StoredMessage, now: datetime) -> WaitsFor | None:
    """As the list tells it; None of one that does not wait."""
    if message.state not in _WAIT:
        return None
    page = MessagePage(1, [message.state], message.planned_at, (message.planned_at, UUID(int=message.id.int + 1)))
    rows = await messages_of_customers(connection, message.project_id, [message.customer_id], page, now)
    return _waits_for(rows[0], now) if rows else None


def _reason(row: ListedMessage, now: datetime) -> WaitsFor:
    """Why it stands where it does."""
    if row.state in GOES_WELL:
        return WaitsFor(None, None)
    return _waits_for(row, now) if row.state in _WAIT else WaitsFor(row.code, row.sentence)


def _waits_for(row: ListedMessage, now: datetime) -> WaitsFor:
    if row.stop_code is not None:
        return WaitsFor(row.stop_code, row.stop_sentence)
    if row.due_at > now:
        return WaitsFor(row.code, row.sentence, row.due_at if row.due_at < HELD_UNTIL else None)
    if row.hold_code is not None:
        return WaitsFor(row.hold_code, row.hold_sentence, row.hold_until)
    return WaitsFor(None, _ITS_TURN)


def _cost(row: ListedMessage) -> MessageCost | None:
    if row.quote is None:
        return None
    amount = row.quote.get("amount")
    return MessageCost(
        currency=row.quote["currency"],
        estimated=None if amount is None else Decimal(amount),
        reserved=row.reserved or Decimal(0),
        spent=None if row.known is False else row.spent or Decimal(0),
    )

"""Messages change state here and nowhere else: forward only, with a campaign event for every state reached.

*Sending* has none: the event that ends a try says when it left (`sent_timestamp`), unless it surely did not. Nothing is
written between a claim and its calls.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.costs import Quote
from parley.domain.callback import Billed
from parley.domain.event import NewEvent
from parley.domain.message import WINDOW_CLOSED, Kind, State, may_become
from parley.domain.money import Money
from parley.policy import Decision
from parley.services.campaign_event import campaign_event
from parley.services.price_messages import ARRIVED, BOOKED, Turn, book_turns, cost_said
from parley.services.record_events import record_held_events
from parley.store.database import Connection
from parley.store.messages import MessageRow, Move, lock_messages, move_rows


class Change(msgspec.Struct, frozen=True):
    """What is said of a message: by a worker, or by the provider."""

    id: UUID
    state: State
    at: datetime
    """When it happened, by the clock of whoever says so."""
    due_at: datetime | None = None
    """When to try again, for a message that goes back to the queue."""
    lease_until: datetime | None = None
    recipient: str | None = None
    provider_message_id: str | None = None
    decision: dict[str, Any] | None = None
    """Added to the stored decision under its own key."""
    wire_decision: Decision | None = None
    """What the policy said just before the message left."""
    code: str | None = None
    sentence: str | None = None
    details: dict[str, Any] = {}
    """More for the campaign event."""
    attempt: int | None = None
    """Which try of the message this is said of, where it would be wrong of a later one."""
    faults: int | None = None
    """Passing ones that it has met with this."""
    ordered: bool = False
    """A person wants an uncertain message sent again."""
    billed: Billed | None = None
    """What the provider's report says of the price."""
    quote: Quote | None = None
    """What it costs, worked out anew."""
    tier: str | None = None
    """In which it takes a place."""
    left: bool = True
    """False of a try that surely did not leave."""
    turned: MessageRow | None = None
    """It leaves in its other form: of this kind and content."""


class _Story(msgspec.Struct):
    """What the changes come to: one move for each row that they say something new of, and the states it reached."""

    moves: dict[UUID, Move] = {}
    events: dict[UUID, list[NewEvent]] = {}
    turns: dict[UUID, list[Turn]] = {}
    """For the ledger."""


async def move_messages(connection: Connection, changes: Sequence[Change], now: datetime) -> None:
    """Locks the messages and applies the changes to them. A change that comes late or twice changes nothing."""
    rows = await lock_messages(connection, sorted({change.id for change in changes}))
    await move_locked(connection, rows, changes, now)


async def move_locked(
    connection: Connection, rows: Sequence[MessageRow], changes: Iterable[Change], now: datetime
) -> None:
    """The same for rows that this transaction has locked already."""
    await _write(connection, rows, _story(rows, changes), now)


async def move_as_left(
    connection: Connection, left: Sequence[MessageRow], changes: Sequence[Change], now: datetime
) -> None:
    """The fast way for messages that this process left as `left` says: nothing is locked and read first.

    The write itself tells which of them still stand so. What moved meanwhile (a report came first, the lease ran out,
    two customers became one) goes the way of `move_messages`.
    """
    moved = await _write(connection, left, _story(left, changes), now)
    if overtaken := [change for change in changes if change.id not in moved]:
        await move_messages(connection, overtaken, now)


async def _write(connection: Connection, rows: Sequence[MessageRow], story: _Story, now: datetime) -> set[UUID]:
    """The ids of those that moved.

    Nobody need be held for the events: who merges two customers takes their messages before their events
    (parley.store.merges), and waits there for the rows that are locked here.
    """
    if not story.moves:
        return set()
    moved = await move_rows(connection, [story.moves[ident] for ident in sorted(story.moves)], now)
    costs = await book_turns(connection, [turn for ident in moved for turn in story.turns.get(ident, ())], now)
    reached: dict[UUID, list[NewEvent]] = defaultdict(list)
    for row in rows:
        if row.id in moved:
            reached[row.project_id] += _with_cost(story.events.get(row.id, []), costs.get(row.id))
    for project_id, events in reached.items():
        await record_held_events(connection, project_id, events, now)
    return moved


def _story(rows: Sequence[MessageRow], changes: Iterable[Change]) -> _Story:
    standing = {row.id: row for row in rows}
    story = _Story()
    for change in changes:
        row = standing.get(change.id)
        if row is None:
            continue
        applies = _applies(row, change)
        if not applies and _says_nothing_new(row, change):
            continue
        story.moves[row.id] = _joined(story.moves.get(row.id), _move(row, change, applies=applies))
        if applies and (change.state in BOOKED or change.quote is not None):
            turn = Turn(row, change.state, max(change.at, row.changed_at), change.billed, change.quote)
            story.turns.setdefault(row.id, []).append(turn)
        if applies and row.state != change.state:
            # Some reports carry whole seconds: none happened before what was known already.
            at = max(change.at, row.changed_at)
            if change.state is not State.SENDING:
                event = campaign_event(row, change.state, at, _said(row, change))
                story.events.setdefault(row.id, []).append(event)
            standing[row.id] = msgspec.structs.replace(row, state=change.state.value, changed_at=at)
    return story


def _applies(row: MessageRow, change: Change) -> bool:
    """Forward by rank; or back to waiting, which only the worker of its last try says, who knows better than the lease
    that made it uncertain, or a person of an uncertain message.
    """
    if change.attempt not in (None, row.attempts):
        return False
    if change.state in _WAITING:
        knows = change.ordered or change.attempt is not None
        return row.state in (*_WAITING, State.SENDING) or (knows and row.state == State.UNCERTAIN)
    return may_become(State(row.state), change.state)


_WAITING = (State.PLANNED, State.QUEUED)


def _says_nothing_new(row: MessageRow, change: Change) -> bool:
    """Of one that moves nothing."""
    return change.provider_message_id in (None, row.provider_message_id) and change.decision is None


def _move(row: MessageRow, change: Change, *, applies: bool) -> Move:
    if not applies:
        return Move(
            bucket=row.bucket, id=row.id, customer_id=row.customer_id, was=row.state, tried=row.attempts,
            state=row.state, attempts=row.attempts,
            provider_message_id=change.provider_message_id, decision=change.decision,
            wire_decision=change.wire_decision,
        )  # fmt: skip
    return Move(
        bucket=row.bucket,
        id=row.id,
        customer_id=row.customer_id,
        was=row.state,
        tried=row.attempts,
        state=change.state.value,
        attempts=row.next_attempt if change.state is State.SENDING else row.attempts,
        faults=change.faults,
        due_at=change.due_at,
        lease_until=change.lease_until,
        recipient=change.recipient,
        provider_message_id=change.provider_message_id,
        decision=change.decision,
        wire_decision=change.wire_decision,
        outcome_code=change.code,
        outcome_sentence=change.sentence,
        quote=change.quote,
        tier=change.tier,
        kind=change.turned.kind if change.turned else None,
        content=change.turned.content if change.turned else None,
    )


def _joined(before: Move | None, then: Move) -> Move:
    """Two changes of one message in one batch: the later says where it stands, the earlier what it left open."""
    if before is None:
        return then
    kept = {name: getattr(before, name) for name in Move.__struct_fields__ if getattr(then, name) is None}
    return msgspec.structs.replace(then, was=before.was, **kept)


def _with_cost(events: Sequence[NewEvent], cost: Money | None) -> Sequence[NewEvent]:
    """On the event that says that it arrived."""
    if cost is None:
        return events
    arrived = next(place for place, event in enumerate(events) if event.properties["status"] in ARRIVED)
    told = msgspec.structs.replace(events[arrived], properties={**events[arrived].properties, **cost_said(cost)})
    return [*events[:arrived], told, *events[arrived + 1 :]]


def _said(row: MessageRow, change: Change) -> dict[str, Any]:
    said = {
        "sent_timestamp": row.changed_at.timestamp() if row.state == State.SENDING and change.left else None,
        "provider_message_id": change.provider_message_id,
        "code": change.code,
        "error": change.sentence,
        "falls_back_to": _falls_back_to(row, change),
        **change.details,
    }
    return {name: value for name, value in said.items() if value is not None}


def _falls_back_to(row: MessageRow, change: Change) -> str | None:
    """The template that follows a free text which WhatsApp found outside the window (parley.services.fall_back)."""
    other = row.content.get("other")
    if change.state is not State.FAILED or change.code != WINDOW_CLOSED or other is None:
        return None
    return str(other["parameters"].get("template_name")) if other["kind"] == Kind.TEMPLATE else None

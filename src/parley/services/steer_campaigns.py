"""A person pauses, resumes or cancels a campaign; workers then do the same with the messages that it has planned.

The order itself is one row. The messages that wait follow in chunks: a pause puts them aside until nobody knows when,
going on makes them due again, and a cancelled campaign's become *cancelled*. Those in flight go on.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from uuid import UUID

from parley.domain.errors import ParleyError
from parley.domain.message import State
from parley.services.launch_campaign import UnknownCampaignError
from parley.services.move_messages import Change, move_locked
from parley.store.campaigns import (
    HELD_UNTIL,
    RunTurn,
    current_version,
    finish_runs,
    latest_runs,
    nothing_held,
    runs_to_steer,
    turn_run,
    waiting_messages,
)
from parley.store.database import Connection, Database
from parley.store.messages import MessageRow
from parley.store.wakeups import announce_work

CHUNK = 500
"""Messages in one transaction."""


class Order(StrEnum):
    """What a person may want of a run."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


_TURNS: Mapping[Order, RunTurn] = {
    Order.PAUSE: RunTurn(("planning", "sending"), "paused", holds=True),
    Order.RESUME: RunTurn(("paused",), "planning"),
    Order.CANCEL: RunTurn(("planning", "sending", "paused"), "cancelling"),
}
_DONE: Mapping[Order, str] = {Order.PAUSE: "paused", Order.RESUME: "resumed", Order.CANCEL: "cancelled"}


class NotSteerableError(ParleyError):
    """The campaign does not stand where this order can be given."""


async def steer(database: Database, project_id: UUID, name: str, order: Order, now: datetime) -> None:
    """Raises NotSteerableError, UnknownCampaignError. What follows is for the workers."""
    async with database.transaction() as connection:
        if not await turn_run(connection, project_id, name, _TURNS[order], now):
            raise NotSteerableError(await _why_not(connection, project_id, name, order))
        await announce_work(connection)


async def _why_not(connection: Connection, project_id: UUID, name: str, order: Order) -> str:
    run = (await latest_runs(connection, project_id, name)).get(name)
    if run is None:
        if await current_version(connection, project_id, name) is None:
            raise UnknownCampaignError(name)
        return f"The campaign {name} was never launched."
    from_states = " or ".join(_TURNS[order].from_states)
    return f"The campaign {name} is {run.state}; it can be {_DONE[order]} while it is {from_states}."


async def steer_campaigns(database: Database, now: datetime) -> int:
    """How many messages were moved; runs that have nothing left to do are over then."""
    return await database.run(partial(_steer_all, now=now))


async def _steer_all(connection: Connection, now: datetime) -> int:
    await finish_runs(connection, now)
    moved = 0
    for run_id, state in await runs_to_steer(connection):
        match state:
            case "paused":
                rows = await waiting_messages(connection, run_id, held=False, most=CHUNK)
                await _move(connection, rows, _held, now)
            case "cancelling":
                rows = await waiting_messages(connection, run_id, held=False, most=CHUNK)
                rows = rows or await waiting_messages(connection, run_id, held=True, most=CHUNK)
                await _move(connection, rows, _cancelled, now)
            case _:
                rows = await waiting_messages(connection, run_id, held=True, most=CHUNK)
                await _move(connection, rows, _let_go, now)
                if not rows:
                    await nothing_held(connection, run_id)
        moved += len(rows)
    if moved:
        await announce_work(connection)
    return moved


async def _move(
    connection: Connection, rows: list[MessageRow], change: Callable[[UUID, datetime], Change], now: datetime
) -> None:
    await move_locked(connection, rows, [change(row.id, now) for row in rows], now)


def _held(ident: UUID, now: datetime) -> Change:
    sentence = "Its campaign is paused."
    return Change(ident, State.PLANNED, now, due_at=HELD_UNTIL, code="campaign_paused", sentence=sentence)


def _let_go(ident: UUID, now: datetime) -> Change:
    sentence = "Its campaign goes on."
    return Change(ident, State.QUEUED, now, due_at=now, code="campaign_resumed", sentence=sentence)


def _cancelled(ident: UUID, now: datetime) -> Change:
    sentence = "Its campaign was cancelled before it could leave."
    return Change(ident, State.CANCELLED, now, code="campaign_cancelled", sentence=sentence)

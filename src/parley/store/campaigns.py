"""Runs of campaigns: how far each has come with the customers, and with its messages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.ids import BUCKETS
from parley.store.database import Connection, sql
from parley.store.messages import MessageRow, message_row

HELD_UNTIL = datetime(9999, 1, 1, tzinfo=UTC)
"""When a message is due that a pause put aside: not before somebody lets it go."""


class NewRun(msgspec.Struct, frozen=True):
    """A launch."""

    id: UUID
    project_id: UUID
    campaign: str
    version: int
    """Of the campaign's definition."""
    launched_by: str
    starts_at: datetime


class Share(msgspec.Struct, frozen=True):
    """The customers of one bucket, as far as a run has come with them; locked until the transaction ends."""

    bucket: int
    run_id: UUID
    project_id: UUID
    campaign: str
    version: int
    starts_at: datetime
    after_id: UUID


class Candidate(msgspec.Struct, frozen=True):
    """The next customer of a share."""

    id: UUID
    was_there: bool
    """When the run began."""
    has_one: bool
    """A message of this run: it came with a merge."""


class Step(msgspec.Struct, frozen=True):
    """How a share moved on."""

    after_id: UUID
    looked_at: int
    matched: int
    broken: int
    """Customers whose work failed; the log has them."""
    done: bool


class RunTurn(msgspec.Struct, frozen=True):
    """Where a run must stand for a person's order, and where it stands then."""

    from_states: Sequence[str]
    state: str
    holds: bool = False


class RunLine(msgspec.Struct, frozen=True):
    """A run, and how far it has come with the customers."""

    id: UUID
    campaign: str
    version: int
    state: str
    launched_by: str
    launched_at: datetime
    starts_at: datetime
    ended_at: datetime | None
    customers: int
    looked_at: int
    matched: int
    broken: int


class Reason(msgspec.Struct, frozen=True):
    """Why so many messages did not leave or arrive."""

    state: str
    code: str
    count: int


class RunCost(msgspec.Struct, frozen=True):
    """What the messages of a run did cost so far, in one currency."""

    currency: str
    reserved: Decimal
    """Set aside for those that have not arrived yet."""
    spent: Decimal
    unpriced: int
    """That cost something nobody knows."""


async def current_version(connection: Connection, project_id: UUID, name: str) -> int | None:
    """Of the campaign's definition; None when there is none."""
    version: int | None = await sql.campaigns.current_version(connection, project_id=project_id, name=name)
    return version


async def campaign_version(connection: Connection, project_id: UUID, name: str, version: int) -> bytes:
    """As it was written; every version is kept for ever."""
    body: bytes = await sql.campaigns.definition_version(connection, project_id=project_id, name=name, version=version)
    return body


async def insert_run(connection: Connection, run: NewRun, now: datetime) -> bool:
    """With a share for each bucket. False, and nothing written, when one of the same campaign is under way."""
    if await sql.campaigns.insert_run(connection, now=now, **msgspec.structs.asdict(run)) is None:
        return False
    await sql.campaigns.insert_shares(
        connection, run_id=run.id, project_id=run.project_id, buckets=list(range(BUCKETS)), now=now
    )
    return True


async def claim_share(connection: Connection, now: datetime) -> Share | None:
    """One that nobody else has, of a run whose time has come; None when there is none."""
    row = await sql.campaigns.claim_share(connection, now=now)
    return None if row is None else Share(**row)


async def page_of_share(connection: Connection, share: Share, size: int) -> list[Candidate]:
    """By id; nobody merges them away before the transaction ends."""
    rows = await sql.campaigns.page_of_share(
        connection,
        run_id=share.run_id,
        project_id=share.project_id,
        bucket=share.bucket,
        after_id=share.after_id,
        starts_at=share.starts_at,
        size=size,
    )
    return [Candidate(*row) for row in rows]


async def move_share(connection: Connection, share: Share, step: Step, now: datetime) -> None:
    """The caller has claimed it."""
    await sql.campaigns.move_share(
        connection, run_id=share.run_id, bucket=share.bucket, now=now, **msgspec.structs.asdict(step)
    )


async def finish_runs(connection: Connection, now: datetime) -> None:
    """Planned to the end: *sending*. Nothing of it waits or is in flight any more: over."""
    await sql.campaigns.finish_planning(connection)
    await sql.campaigns.end_runs(connection, now=now)


async def runs_to_steer(connection: Connection) -> list[tuple[UUID, str]]:
    """(id, state) of runs whose waiting messages must be held back, let go or cancelled."""
    return [(row["id"], row["state"]) for row in await sql.campaigns.runs_to_steer(connection)]


async def waiting_messages(connection: Connection, run_id: UUID, *, held: bool, most: int) -> list[MessageRow]:
    """Locks messages of the run that wait: those put aside by a pause, or the others."""
    query = sql.campaigns.held_messages if held else sql.campaigns.waiting_messages
    rows = await query(connection, run_id=run_id, held_until=HELD_UNTIL, most=most)
    return [message_row(row) for row in rows]


async def nothing_held(connection: Connection, run_id: UUID) -> None:
    """All that a pause had put aside has been let go."""
    await sql.campaigns.nothing_held(connection, run_id=run_id)


async def turn_run(connection: Connection, project_id: UUID, campaign: str, turn: RunTurn, now: datetime) -> bool:
    """Moves the run that is under way to another state, where it stands in one of these. Waits for its planners."""
    turned = await sql.campaigns.turn_run(
        connection, project_id=project_id, campaign=campaign, now=now, **msgspec.structs.asdict(turn)
    )
    return turned is not None


async def latest_runs(connection: Connection, project_id: UUID, campaign: str | None = None) -> dict[str, RunLine]:
    """The last run of each campaign that was ever launched, or of one."""
    rows = await sql.campaigns.latest_runs(connection, project_id=project_id, campaign=campaign)
    return {row["campaign"]: RunLine(**row) for row in rows}


async def messages_by_state(connection: Connection, run_id: UUID) -> dict[str, int]:
    """How many messages of the run stand at each state."""
    rows: Sequence[Any] = await sql.campaigns.messages_by_state(connection, run_id=run_id)
    return {row["state"]: row["count"] for row in rows}


async def reasons(connection: Connection, run_id: UUID) -> list[Reason]:
    """Of what was refused, failed, expired or is uncertain; the most frequent first."""
    return [Reason(**row) for row in await sql.campaigns.reasons(connection, run_id=run_id)]


async def costs_of_run(connection: Connection, run_id: UUID) -> list[RunCost]:
    """From the ledger, message by message: some seconds for a million."""
    return [RunCost(**row) for row in await sql.campaigns.costs_of_run(connection, run_id=run_id)]

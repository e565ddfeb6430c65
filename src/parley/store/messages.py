"""Messages as stored: the outbox, its claims, and the reports that came too early."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from parley.domain.ids import BUCKETS, bucket_of, bucket_of_text
from parley.store.database import Connection, sql
from parley.store.lanes import Lane, Turn, by_lane

MOST_ATTEMPTS = 2**15 - 1
"""The column counts no further: months of tries of a message that has no `ttl`."""


class MessageRow(msgspec.Struct, frozen=True):
    """A message as it stands. `content` is {"preset", "parameters"}; `origin` says what asked for it.

    The fields are the columns of the queries, in their order. The decision is left in the store: it is several times as
    long as all the rest, and who moves a message does not read it.
    """

    bucket: int
    """Its customer's. Usually the one in its id, but not after two customers became one."""
    id: UUID
    project_id: UUID
    customer_id: UUID
    kind: str
    state: str
    integration: str | None
    account: str | None
    recipient: str | None
    content: dict[str, Any]
    origin: dict[str, Any]
    consent_category: str | None
    attempts: int
    expires_at: datetime | None
    provider_message_id: str | None
    planned_at: datetime
    changed_at: datetime
    quote: dict[str, Any] | None = None
    """parley.costs.Quote; None: it costs nothing at WhatsApp."""
    tier: str | None = None
    """In which it took a place with an earlier try. Read by the claim only."""
    faults: int = 0
    """Passing ones that it has met. Read by the claim only."""

    @property
    def lane(self) -> Lane:
        """Where it waits."""
        return Lane(self.project_id, self.integration or "")

    @property
    def next_attempt(self) -> int:
        """The number of its next try."""
        return min(self.attempts + 1, MOST_ATTEMPTS)


class NewMessage(msgspec.Struct, frozen=True):
    """A message about to be written."""

    attempts: ClassVar[int] = 0
    id: UUID
    customer_id: UUID
    kind: str
    state: str
    integration: str | None
    account: str | None
    recipient: str | None
    content: dict[str, Any]
    origin: dict[str, Any]
    consent_category: str | None
    priority: int
    due_at: datetime
    expires_at: datetime | None
    decision: dict[str, Any]
    outcome_code: str | None
    outcome_sentence: str | None
    run_id: UUID | None = None
    """Of the campaign that asks for it."""
    quote: Any = None
    """parley.costs.Quote."""


class Move(msgspec.Struct, frozen=True):
    """What becomes of one row that stands as said. None leaves a column as it is, except the lease, which ends."""

    bucket: int
    id: UUID
    customer_id: UUID
    """Whose it was: a merge may have given it to another."""
    was: str
    """Its state until now."""
    tried: int
    """Its attempts until now."""
    state: str
    attempts: int
    faults: int | None = None
    due_at: datetime | None = None
    lease_until: datetime | None = None
    recipient: str | None = None
    provider_message_id: str | None = None
    decision: dict[str, Any] | None = None
    """Added to the stored one under its own key."""
    wire_decision: object | None = None
    """Any value that becomes JSON; written once, as it is."""
    outcome_code: str | None = None
    outcome_sentence: str | None = None
    quote: Any = None
    tier: str | None = None
    """In which it takes a place now."""
    kind: str | None = None
    content: dict[str, Any] | None = None


class EarlyReport(msgspec.Struct, frozen=True):
    """A report of a message that we do not know (yet) by that id."""

    project_id: UUID
    provider_message_id: str
    state: str
    report: dict[str, Any]


async def insert_messages(
    connection: Connection, project_id: UUID, messages: Sequence[NewMessage], now: datetime
) -> None:
    """All of one project, in one statement."""
    await sql.messages.insert_messages(
        connection,
        project_id=project_id,
        now=now,
        buckets=[bucket_of(message.customer_id) for message in messages],
        ids=[message.id for message in messages],
        customer_ids=[message.customer_id for message in messages],
        kinds=[message.kind for message in messages],
        states=[message.state for message in messages],
        integrations=[message.integration for message in messages],
        accounts=[message.account for message in messages],
        recipients=[message.recipient for message in messages],
        contents=[message.content for message in messages],
        origins=[message.origin for message in messages],
        consent_categories=[message.consent_category for message in messages],
        priorities=[message.priority for message in messages],
        due_ats=[message.due_at for message in messages],
        expires_ats=[message.expires_at for message in messages],
        decisions=[message.decision for message in messages],
        outcome_codes=[message.outcome_code for message in messages],
        outcome_sentences=[message.outcome_sentence for message in messages],
        run_ids=[message.run_id for message in messages],
        quotes=_where_said([one.quote for one in messages]),
    )


async def claim_due(connection: Connection, turns: Sequence[Turn], now: datetime) -> list[MessageRow]:
    """Locks of each lane what is due and nobody else holds, in the order of the turns. The locks end with the
    transaction.
    """
    return [message_row(row) for row in await sql.messages.claim_due(connection, now=now, **by_lane(turns))]


async def look_again(connection: Connection, lane: Lane, code: str, most: int, now: datetime) -> None:
    """So many of the sender's messages that wait for this reason are due, the earliest first."""
    await sql.messages.look_again(
        connection, project_id=lane.project_id, sender=lane.sender, code=code, most=most, now=now
    )


async def lock_messages(connection: Connection, ids: Sequence[UUID]) -> list[MessageRow]:
    """Locks them in the order of their ids, as everybody does, so that nobody waits in a circle.

    A merge of customers moves messages to another bucket than their ids say; those few are looked for everywhere.
    """
    rows = await sql.messages.lock_by_id(connection, buckets=[bucket_of(ident) for ident in ids], ids=list(ids))
    found = {row["id"] for row in rows}
    elsewhere = [ident for ident in ids if ident not in found]
    if elsewhere:
        rows += await sql.messages.lock_anywhere(connection, buckets=list(range(BUCKETS)), ids=elsewhere)
    return [message_row(row) for row in rows]


async def move_rows(connection: Connection, moves: Sequence[Move], now: datetime) -> set[UUID]:
    """Writes what became of these rows, and says of which: one that does not stand as its move says stays as it is."""
    rows = await sql.messages.move(
        connection,
        now=now,
        buckets=[one.bucket for one in moves],
        ids=[one.id for one in moves],
        customer_ids=[one.customer_id for one in moves],
        was=[one.was for one in moves],
        tried=[one.tried for one in moves],
        states=[one.state for one in moves],
        due_ats=_where_said([one.due_at for one in moves]),
        lease_untils=_where_said([one.lease_until for one in moves]),
        attempts=[one.attempts for one in moves],
        faults=_where_said([one.faults for one in moves]),
        recipients=_where_said([one.recipient for one in moves]),
        provider_message_ids=_where_said([one.provider_message_id for one in moves]),
        decisions=_where_said([one.decision for one in moves]),
        wire_decisions=_where_said([one.wire_decision for one in moves]),
        outcome_codes=_where_said([one.outcome_code for one in moves]),
        outcome_sentences=_where_said([one.outcome_sentence for one in moves]),
        quotes=_where_said([one.quote for one in moves]),
        tiers=_where_said([one.tier for one in moves]),
        kinds=_where_said([one.kind for one in moves]),
        contents=_where_said([one.content for one in moves]),
    )
    return {row["id"] for row in rows}


async def lost_in_flight(connection: Connection, most: int, now: datetime, latest: datetime) -> list[UUID]:
    """Messages whose worker vanished between calling the provider and recording what it said. A lease that is given now
    ends at `latest`.
    """
    return [row["id"] for row in await sql.messages.lost_in_flight(connection, most=most, now=now, latest=latest)]


async def still_claimed(connection: Connection, ids: Sequence[UUID], left_at: datetime) -> set[UUID]:
    """Those of them that were last claimed at this very time, and stand at *sending* or *uncertain*."""
    rows = await sql.messages.still_claimed(connection, buckets=list(range(BUCKETS)), ids=list(ids), left_at=left_at)
    return {row["id"] for row in rows}


async def ids_at_provider(
    connection: Connection, project_id: UUID, provider_message_ids: Sequence[str]
) -> dict[str, UUID]:
    """Our id for the provider's; unknown ones are missing."""
    rows = await sql.messages.ids_at_provider(
        connection, project_id=project_id, provider_message_ids=list(provider_message_ids)
    )
    return {row["provider_message_id"]: row["id"] for row in rows}


async def keep_early_reports(
    connection: Connection, project_id: UUID, reports: Sequence[EarlyReport], now: datetime
) -> None:
    """Until `take_early_reports` asks for them."""
    await sql.messages.keep_early_reports(
        connection,
        project_id=project_id,
        now=now,
        buckets=[bucket_of_text(report.provider_message_id) for report in reports],
        provider_message_ids=[report.provider_message_id for report in reports],
        states=[report.state for report in reports],
        reports=[report.report for report in reports],
    )


async def take_early_reports(connection: Connection, sent: Sequence[tuple[UUID, str]]) -> list[EarlyReport]:
    """Those of (project, provider's message id); they are gone from the store then."""
    rows = await sql.messages.take_early_reports(
        connection,
        buckets=[bucket_of_text(ident) for _, ident in sent],
        project_ids=[project_id for project_id, _ in sent],
        provider_message_ids=[ident for _, ident in sent],
    )
    return [EarlyReport(**row) for row in rows]


async def named_early_reports(connection: Connection, most: int) -> dict[str, UUID]:
    """Kept reports whose message is known by now: our id for the provider's."""
    rows = await sql.messages.named_early_reports(connection, most=most)
    return {row["provider_message_id"]: row["id"] for row in rows}


def message_row(row: Any) -> MessageRow:
    """From a query that selects its columns in their order."""
    return MessageRow(*row)


def _where_said(column: list[Any]) -> list[Any]:
    """A column in which nobody says anything is handed over empty: `unnest` fills it up, for less than the driver."""
    return column if any(value is not None for value in column) else []

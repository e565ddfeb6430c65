"""Delivery reports: the message is found by our own id or by the provider's, and moves on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import structlog

from parley.domain.callback import DeliveryReport
from parley.domain.message import RANKS
from parley.services.fall_back import take_back
from parley.services.heed_opt_outs import heed_refusals
from parley.services.move_messages import Change, move_locked
from parley.services.stopping import heed_reports
from parley.store.database import Connection, Database
from parley.store.messages import (
    EarlyReport,
    MessageRow,
    ids_at_provider,
    keep_early_reports,
    lock_messages,
    named_early_reports,
    take_early_reports,
)

SWEPT_AT_ONCE = 500
LONGEST_QUOTE = 200
"""Characters of the provider's own words that a sentence repeats."""
LONGEST_ROW = 500
"""Characters that the log repeats of one."""


async def receive_reports(
    connection: Connection, project_id: UUID, reports: Sequence[DeliveryReport], now: datetime
) -> None:
    """A report of a message we do not know (yet) is kept: the send's own answer may still name it."""
    if not reports:
        return
    meant = await _meant(connection, project_id, reports)
    rows = await lock_messages(connection, sorted({ident for _, ident in meant if ident is not None}))
    ours = [row for row in rows if row.project_id == project_id]
    found = {row.id for row in ours}
    await _apply(connection, ours, meant, now)
    early = [_early(project_id, report) for report, ident in meant if ident not in found]
    if early:
        await keep_early_reports(connection, project_id, early, now)


async def _meant(
    connection: Connection, project_id: UUID, reports: Sequence[DeliveryReport]
) -> list[tuple[DeliveryReport, UUID | None]]:
    """By our own id, where it came back; only of the others the store is asked."""
    meant = [(report, _our_id(report)) for report in reports]
    unnamed = [report.message_id for report, ident in meant if ident is None]
    known = await ids_at_provider(connection, project_id, unnamed) if unnamed else {}
    return [(report, ident or known.get(report.message_id)) for report, ident in meant]


def changes_of(meant: Iterable[tuple[DeliveryReport, UUID | None]], now: datetime) -> list[Change]:
    """In the order of their rank, so that a batch that came in disorder tells its story in order."""
    ordered = sorted(meant, key=lambda pair: RANKS[pair[0].state])
    return [_change(report, ident, now) for report, ident in ordered if ident is not None]


def _change(report: DeliveryReport, ident: UUID, now: datetime) -> Change:
    details = {"provider_code": report.provider_code} if report.provider_code else {}
    return Change(
        id=ident,
        state=report.state,
        at=report.occurred_at or now,
        provider_message_id=report.message_id,
        code=report.code,
        sentence=_with_its_words(report),
        details=details,
        billed=report.billed,
    )


def _with_its_words(report: DeliveryReport) -> str | None:
    """Our sentence, and what the provider itself said, where it said something."""
    words = report.fields.get("details")
    if report.sentence is None or not isinstance(words, str) or not words.strip():
        return report.sentence
    return f'{report.sentence} It said: "{words.strip()[:LONGEST_QUOTE]}"'


def _our_id(report: DeliveryReport) -> UUID | None:
    try:
        return UUID(report.our_id or "")
    except ValueError:
        return None


def _early(project_id: UUID, report: DeliveryReport) -> EarlyReport:
    return EarlyReport(project_id, report.message_id, report.state.value, msgspec.to_builtins(report))


async def join_early_reports(
    connection: Connection, left: Sequence[MessageRow], changes: Sequence[Change], now: datetime
) -> None:
    """The send's own answer has named its messages: what was reported of them before now counts.

    Their rows were written in this transaction, so nobody else has them; those of which there is a report are read.
    """
    projects = {row.id: row.project_id for row in left}
    named = {change.provider_message_id: change.id for change in changes if change.provider_message_id}
    if named:
        sent = [(projects[ident], name) for name, ident in named.items()]
        await _tell(connection, await take_early_reports(connection, sent), named, now)


async def sweep_early_reports(database: Database, now: datetime) -> int:
    """Those that were stored in the very moment when the send's answer was recorded: neither side saw the other."""
    async with database.transaction() as connection:
        named = await named_early_reports(connection, SWEPT_AT_ONCE)
        if named:
            await _join(connection, named, now)
    return len(named)


async def _join(connection: Connection, named: Mapping[str, UUID], now: datetime) -> None:
    rows = await lock_messages(connection, sorted(named.values()))
    sent = [(row.project_id, row.provider_message_id) for row in rows if row.provider_message_id is not None]
    await _tell(connection, await take_early_reports(connection, sent), named, now)


async def _tell(connection: Connection, early: Sequence[EarlyReport], named: Mapping[str, UUID], now: datetime) -> None:
    if not early:
        return
    rows = await lock_messages(connection, sorted({named[one.provider_message_id] for one in early}))
    reports = [report for one in early if (report := _kept(one)) is not None]
    await _apply(connection, rows, [(one, named.get(one.message_id)) for one in reports], now)


def _kept(early: EarlyReport) -> DeliveryReport | None:
    """None for what another version has kept in a shape that this one cannot read. It is passed over, else neither the
    answer it was kept for nor its neighbours would ever be recorded; the callback that brought it is still there.
    """
    try:
        return msgspec.convert(early.report, DeliveryReport)
    except msgspec.ValidationError:
        structlog.get_logger().exception("an early report cannot be read", row=repr(early)[:LONGEST_ROW])
        return None


async def _apply(
    connection: Connection,
    rows: Sequence[MessageRow],
    meant: Sequence[tuple[DeliveryReport, UUID | None]],
    now: datetime,
) -> None:
    """To rows that this transaction has locked."""
    await move_locked(connection, rows, changes_of(meant, now), now)
    standing = {row.id: row for row in rows}
    failed = [(report, standing[ident]) for report, ident in meant if report.code and ident in standing]
    await heed_reports(connection, failed, now)
    await heed_refusals(connection, failed, now)
    arrived = [(report, standing[ident]) for report, ident in meant if not report.code and ident in standing]
    await take_back(connection, arrived, now)

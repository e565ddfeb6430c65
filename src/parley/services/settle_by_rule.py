"""What neither a report nor the provider's list has settled in time, the project's rule settles, if it has one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from parley.domain.counting import counted
from parley.domain.message import State
from parley.domain.settings import Then, UncertainRule
from parley.services.definitions import project_definitions
from parley.services.move_messages import Change, move_locked
from parley.store.database import Connection, Database
from parley.store.messages import MessageRow
from parley.store.settling import lock_long_uncertain, projects_with_settings
from parley.store.wakeups import announce_work

AT_ONCE = 500


async def settle_by_rule(database: Database, now: datetime) -> int:
    """Each project in a transaction of its own; says how many messages were settled."""
    async with database.connection() as connection:
        projects = await projects_with_settings(connection)
    settled = 0
    for project_id in projects:
        async with database.transaction() as connection:
            settled += await _settle(connection, project_id, now)
    return settled


async def _settle(connection: Connection, project_id: UUID, now: datetime) -> int:
    rule = (await project_definitions(connection, project_id)).settings.uncertain
    if rule.then is Then.HOLD:
        return 0
    before = now - timedelta(hours=rule.after_hours)
    give_up = rule.then is Then.GIVE_UP
    rows = await lock_long_uncertain(connection, project_id, before, AT_ONCE, erased_and_resent_too=give_up)
    if rows:
        await _move(connection, rows, rule, now)
    return len(rows)


async def _move(connection: Connection, rows: Sequence[MessageRow], rule: UncertainRule, now: datetime) -> None:
    change = _given_up if rule.then is Then.GIVE_UP else _sent_again
    await move_locked(connection, rows, [change(row, rule, now) for row in rows], now)
    await announce_work(connection)


def _given_up(row: MessageRow, rule: UncertainRule, now: datetime) -> Change:
    sentence = f"The project's rule gave it up: {_nobody_knew(rule)}"
    return Change(row.id, State.FAILED, now, code="given_up", sentence=sentence)


def _sent_again(row: MessageRow, rule: UncertainRule, now: datetime) -> Change:
    """Once: whose second try is uncertain, too, waits for a person."""
    sentence = f"The project's rule had it sent again: {_nobody_knew(rule)}"
    return Change(
        row.id, State.QUEUED, now, due_at=now, code="sent_again", sentence=sentence,
        decision={"resent": {"at": now.isoformat()}}, ordered=True,
    )  # fmt: skip


def _nobody_knew(rule: UncertainRule) -> str:
    return f"after {counted(rule.after_hours, 'hours')} nobody knew whether the provider has it."

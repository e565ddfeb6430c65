"""What the provider told us is kept for a time only, and not at all of whom we have erased.

Small pieces, so that nobody waits for it. A callback that comes again after its copy is gone changes nothing: an
inbound message counts once by its own id (`inbound_messages`), a report moves no message back (its rank) and makes no
second event (the event's sameness).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from parley.domain.settings import Retention, Settings
from parley.services.definitions import project_definitions
from parley.store.database import Connection, Database
from parley.store.retention import all_project_ids, claim_erasure, erase_piece, forget_callbacks, forget_early_reports
from parley.store.settling import projects_with_settings

AT_ONCE = 1_000
"""Rows deleted in one transaction."""
READ_AT_ONCE = 2_000
"""Callbacks looked through for an erased customer in one transaction."""
SETTLED = timedelta(minutes=1)
"""A callback that was being written while its customer was erased is there by then."""


async def forget(database: Database, now: datetime) -> int:
    """One piece of everything; says how much there was."""
    async with database.transaction() as connection:
        kept = await _retentions(connection)
        before = _moments(kept, lambda one: now - timedelta(days=one.callbacks_days))
        gone = await forget_callbacks(connection, before, AT_ONCE)
    async with database.transaction() as connection:
        before = _moments(kept, lambda one: now - timedelta(days=one.early_reports_days))
        gone += await forget_early_reports(connection, before, AT_ONCE)
    return gone + await erase(database, now)


async def erase(database: Database, now: datetime) -> int:
    """A piece of one erasure."""
    async with database.transaction() as connection:
        erasure = await claim_erasure(connection, now - SETTLED)
        if erasure is None:
            return 0
        await erase_piece(connection, erasure, READ_AT_ONCE)
    return 1


async def _retentions(connection: Connection) -> dict[UUID, Retention]:
    """Of every project."""
    kept = dict.fromkeys(await all_project_ids(connection), Settings().retention)
    for project_id in await projects_with_settings(connection):
        kept[project_id] = (await project_definitions(connection, project_id)).settings.retention
    return kept


def _moments(kept: dict[UUID, Retention], moment: Callable[[Retention], datetime]) -> dict[UUID, datetime]:
    return {project_id: moment(one) for project_id, one in kept.items()}

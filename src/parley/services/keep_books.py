"""Adds up what the ledger's transactions left behind, and tells of budgets that are nearly gone."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import structlog

from parley.services.budgets import BudgetNow, budgets_now
from parley.services.definitions import project_definitions
from parley.store.database import Connection, Database
from parley.store.ledger import Told, add_up, forget_warnings, warn
from parley.store.settling import projects_with_settings
from parley.telemetry import BUDGET_WARNINGS

AT_ONCE = 5_000
"""Changes in one transaction."""


async def keep_books(database: Database, now: datetime) -> int:
    """How many changes were added up; warnings are not counted, nobody waits for them."""
    added = await database.run(lambda connection: add_up(connection, AT_ONCE))
    async with database.transaction() as connection:
        for project_id in await projects_with_settings(connection):
            await _look_at_budgets(connection, project_id, now)
    return added


async def _look_at_budgets(connection: Connection, project_id: UUID, now: datetime) -> None:
    costs = (await project_definitions(connection, project_id)).settings.costs
    budgets = await budgets_now(connection, project_id, costs, now) if costs.budgets else []
    standing = [told for one in budgets for told in _told(one, costs.currency)]
    await forget_warnings(connection, project_id, standing)
    for told in standing:
        if await warn(connection, project_id, told, now):
            BUDGET_WARNINGS.labels(told.level).inc()
            structlog.get_logger().warning("budget", project=str(project_id), level=told.level, said=told.sentence)


def _told(one: BudgetNow, currency: str) -> Iterator[Told]:
    sentence = f"The budget ({one.rule.name}) is {currency} {one.rule.limit}; {one.used} of it are used."
    if one.is_near():
        yield Told(one.rule.name, one.period.since, "warned", sentence, one.begins_again)
    if one.used >= one.rule.limit:
        yield Told(one.rule.name, one.period.since, "over", sentence, one.begins_again)

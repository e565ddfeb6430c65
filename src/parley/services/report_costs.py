"""What messages did cost, by day, market, category, or the scenario or campaign that asked for them."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from parley.domain.errors import InvalidInputError, Problem
from parley.services.definitions import project_definitions
from parley.store.database import Database
from parley.store.ledger import ReportLine, report


class By(StrEnum):
    """What a line is about."""

    DAY = "day"
    MARKET = "market"
    CATEGORY = "category"
    SCENARIO = "scenario"
    """Or campaign."""


def check_days(since: date | None, until: date | None) -> None:
    """Raises InvalidInputError."""
    if since is not None and until is not None and until < since:
        raise InvalidInputError([Problem("until", f"{until} lies before {since}, where the report begins (since).")])


async def report_costs(
    database: Database, project_id: UUID, by: By, since: date | None, until: date | None, now: datetime
) -> list[ReportLine]:
    """From `since` to `until`, both with it, in the account's time zone; this month when nothing is said.

    Raises InvalidInputError.
    """
    check_days(since, until)
    async with database.transaction() as connection:
        project = await project_definitions(connection, project_id)
        today = project.prices.day(now)
        last = until or max(today, since or today)
        return await report(connection, project_id, by, since or last.replace(day=1), last)

"""The project's consent categories."""

from parley.domain.consent import ConsentCategory
from parley.domain.project import Project
from parley.store.consents import categories
from parley.store.database import Database


async def consent_categories(database: Database, project: Project) -> list[ConsentCategory]:
    """By name."""
    async with database.connection() as connection:
        return list((await categories(connection, project.id)).values())

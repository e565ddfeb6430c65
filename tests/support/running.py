"""The whole API, running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from parley.domain.clock import Clock, system_clock
from parley.store.database import Database
from tests.support.serving import app_on, served


@asynccontextmanager
async def running_api(database: Database, database_url: str, clock: Clock = system_clock) -> AsyncIterator[str]:
    """The base URL of the real application, served over real HTTP on the loopback."""
    async with app_on(database, database_url, clock) as app, served(app) as url:
        yield url

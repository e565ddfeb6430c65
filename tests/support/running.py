"""The whole API, running."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cryptography.fernet import Fernet

from parley.api.app import create_app
from parley.domain.clock import Clock, system_clock
from parley.services.callback_intake import CallbackIntake
from parley.services.secret_box import SecretBox
from parley.store.database import Database
from tests.support.serving import served


@asynccontextmanager
async def running_api(database: Database, database_url: str, clock: Clock = system_clock) -> AsyncIterator[str]:
    """The base URL of the real application, served over real HTTP on the loopback."""
    intake = CallbackIntake(database, clock)
    storing = asyncio.create_task(intake.run())
    box = SecretBox(Fernet.generate_key().decode())
    app = create_app(database=database, database_url=database_url, clock=clock, box=box, intake=intake)
    try:
        async with served(app) as url:
            yield url
    finally:
        storing.cancel()
        await asyncio.gather(storing, return_exceptions=True)

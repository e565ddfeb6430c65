"""What tests of every room may ask for. Everything heavy is imported and started only when a test asks for it."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from parley.services.create_project import NewProject
    from parley.store.database import Database
    from tests.support.api import ProjectApi
    from tests.support.builders import Cast

settings.register_profile("parley", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("parley")
"""The first text of a fresh folder has Hypothesis look through all characters: a second, which that check allows
for ten examples. Ours take a millisecond each, so all that it ever finds is that, and a machine that is busy. A
deadline for an example would find no more.
"""

structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)
"""Its own traceback, with the values of all variables, takes seconds in which the loop of the tests stands still."""

_ROOM = 8 * 1024**3
"""Bytes of memory that must be free; a run has used up to 3 GB."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A base folder of the run's own. The one that pytest shares among a user's runs is closed to others whenever a run
    starts, and the embedded database works as another user: a second run would take the folder away from the first.
    """
    # The guard of an embedded database outlives whoever started it: that is its purpose, not a leak.
    config.addinivalue_line("filterwarnings", "ignore:subprocess .* is still running:ResourceWarning")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a run in the background, and so would be all that it starts
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.option.basetemp is None:
        base = Path(tempfile.mkdtemp(prefix="parley-tests-", dir=_memory()))
        config.option.basetemp = str(base / "run")
        config.add_cleanup(lambda: shutil.rmtree(base, ignore_errors=True))


def _memory() -> str | None:
    """A folder that is kept in memory, if the machine has one with room: making a database there takes 20 ms, not 500.

    What is killed loses nothing there either: only a machine without power would.
    """
    folder = Path("/dev/shm")  # noqa: S108  the base folder's name in it is nobody else's
    return str(folder) if folder.is_dir() and shutil.disk_usage(folder).free > _ROOM else None


# ruff: noqa: PLC0415  a test of a rule needs neither the driver nor the services, and runs while they are rebuilt


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One embedded PostgreSQL for the whole run, migrated."""
    from tests.support.databases import migrated_database

    with migrated_database(tmp_path_factory.mktemp("data")) as url:
        yield url


@pytest.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    """A pool on it."""
    from parley.store.database import open_database

    async with open_database(database_url, connections=24) as opened:
        yield opened


@pytest.fixture
async def project(database: Database) -> NewProject:
    """A project of the test's own, so that nothing has to be cleaned up."""
    from parley.services.create_project import create_project
    from tests.support.builders import NOW

    return await create_project(database, "Test shop", NOW)


@pytest.fixture
async def cast(database: Database, project: NewProject) -> Cast:
    """Alice has opted in, Bob said STOP, Carol was never asked."""
    from tests.support.builders import add_cast

    return await add_cast(database, project)


@pytest.fixture(scope="session")
async def api_url(database: Database, database_url: str) -> AsyncIterator[str]:
    """The real application over real HTTP."""
    from tests.support.serving import app_on, served

    async with app_on(database, database_url) as app, served(app) as url:
        yield url


@pytest.fixture
def api(api_url: str, project: NewProject) -> ProjectApi:
    """The test's own project, as a client with its private key."""
    from tests.support.api import ProjectApi

    return ProjectApi(api_url, project, (project.private_key.key_id, project.private_key.key_secret))

"""A walk has a database of its own: workers claim whatever is due, whoever's it is."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from parley.services.create_project import create_project
from parley.store.database import open_database
from parley.store.embedded import EmbeddedServer, embedded_server
from parley.store.migrate import migrate
from tests.support.builders import NOW, Cast, add_cast
from tests.walks.outage import Outage, open_outage
from tests.walks.walk import EXAMPLES, LEGACY, Walk

_numbers = itertools.count()


@pytest.fixture(scope="session")
async def migrated(database_url: str) -> str:
    """The name of a database beside the shared one that is only there to be copied."""
    admin = await asyncpg.connect(database_url)
    await admin.execute("CREATE DATABASE migrated")
    await admin.close()
    migrate(database_url.replace("/postgres?", "/migrated?"))
    return "migrated"


@pytest.fixture
async def own_database_url(database_url: str, migrated: str) -> AsyncIterator[str]:
    """A fresh, migrated database beside the shared one; dropped afterwards."""
    name = f"walk_{next(_numbers)}"
    admin = await asyncpg.connect(database_url)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {migrated}")
    yield database_url.replace("/postgres?", f"/{name}?")
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def walk(own_database_url: str) -> AsyncIterator[Walk]:
    """A shop with the examples and a legacy account applied."""
    async with open_database(own_database_url) as database:
        walk = Walk(database, await create_project(database, "Walked shop", NOW))
        await walk.apply(LEGACY, *sorted(EXAMPLES.glob("*.json")))
        yield walk
        await walk.delivery.close()


@pytest.fixture
async def people(walk: Walk) -> Cast:
    """Alice has opted in, Bob said STOP, Carol was never asked."""
    return await add_cast(walk.database, walk.project)


@pytest.fixture(scope="module")
def mortal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """Not the one of the other tests: this one is killed."""
    with embedded_server(tmp_path_factory.mktemp("mortal")) as server:
        yield server


@pytest.fixture
async def outage(mortal_server: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Outage]:
    """A shop on it, with a spool."""
    async with open_outage(mortal_server, tmp_path) as opened:
        yield opened

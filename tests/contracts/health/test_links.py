"""A customer's link while the database is away."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
import requests
from structlog.testing import capture_logs

from parley.store.database import open_database
from parley.store.migrate import migrate
from tests.support.serving import app_on, served

TOKEN = "who-has-this-confirms"


@pytest.fixture
async def url(database_url: str, empty_url: str) -> AsyncIterator[str]:
    """Of a server whose database is gone."""
    migrate(empty_url)
    name = empty_url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    async with open_database(empty_url) as database, app_on(database, empty_url) as app, served(app) as url:
        with psycopg.connect(database_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            yield url
            admin.execute(f"CREATE DATABASE {name}".encode())


async def test_its_token_stays_out_of_the_log(url: str) -> None:
    with capture_logs() as said:
        answer = await asyncio.to_thread(requests.get, f"{url}/confirm/{TOKEN}", timeout=20)
    assert answer.status_code == 503
    assert [one["path"] for one in said if one["event"] == "not available"] == ["/confirm/{token}"]
    assert TOKEN not in str(said)

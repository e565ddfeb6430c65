"""A customer's link that leads nowhere just now, or never."""

import asyncio
import time
from collections.abc import AsyncIterator

import psycopg
import pytest
import requests
from structlog.testing import capture_logs

from parley.api.confirm import PATIENCE_SECONDS
from parley.store.database import Database, open_database
from parley.store.migrate import migrate
from tests.support.serving import app_on, served

TOKEN = "who-has-this-confirms".ljust(43, "A")
BROWSER = {"Accept": "text/html", "Accept-Language": "cs-CZ, en;q=0.5"}


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


async def _asked(url: str, **headers: str) -> requests.Response:
    return await asyncio.to_thread(requests.get, url, headers=headers, timeout=20)


async def test_its_token_stays_out_of_the_log(url: str) -> None:
    with capture_logs() as said:
        answer = await _asked(f"{url}/confirm/{TOKEN}")
    assert answer.status_code == 503
    assert [one["path"] for one in said if one["event"] == "not available"] == ["/confirm/{token}"]
    assert TOKEN not in str(said)


async def test_a_browser_is_asked_in_its_language_to_come_again(url: str) -> None:
    page = await _asked(f"{url}/confirm/{TOKEN}", **BROWSER)
    assert (page.status_code, page.headers["Cache-Control"]) == (503, "no-store")
    assert page.headers["Retry-After"]
    assert '<html lang="cs"' in page.text
    assert "Zkuste to prosím znovu" in page.content.decode()
    told = await _asked(f"{url}/confirm/{TOKEN}", Accept="application/json")
    assert (told.status_code, told.json()["success"]) == (503, False)


async def test_a_browser_does_not_wait_long_for_a_database_that_hangs(database: Database, api_url: str) -> None:
    async with database.transaction() as connection:
        await connection.execute("LOCK TABLE consents")
        began = time.monotonic()
        page = await _asked(f"{api_url}/confirm/{TOKEN}", **BROWSER)
    assert (page.status_code, time.monotonic() - began < 2 * PATIENCE_SECONDS) == (503, True)


async def test_a_link_that_something_was_added_to_is_told_as_one_that_is_not_known(api_url: str) -> None:
    page = await _asked(f"{api_url}/confirm/{TOKEN}/more", **BROWSER)
    assert (page.status_code, "Tento odkaz" in page.content.decode()) == (404, True)
    told = await _asked(f"{api_url}/confirm/{TOKEN}/more", Accept="application/json")
    assert (told.status_code, told.json()["success"]) == (404, False)

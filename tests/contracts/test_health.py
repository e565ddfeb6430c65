"""Alive and ready."""

import asyncio
from pathlib import Path

import pytest
import requests

from parley.store.database import Database, open_database
from tests.support.running import running_api


async def get(url: str) -> requests.Response:
    return await asyncio.to_thread(requests.get, url, timeout=20)


async def test_it_is_alive_and_ready(api_url: str) -> None:
    assert (await get(f"{api_url}/health")).status_code == 200
    ready = await get(f"{api_url}/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


async def test_the_counters_say_their_charset_once(api_url: str) -> None:
    answer = await get(f"{api_url}/metrics")
    assert answer.headers["content-type"].count("charset=utf-8") == 1
    assert "version=" in answer.headers["content-type"]


async def test_it_is_not_ready_without_its_database(database: Database, tmp_path: Path) -> None:
    nowhere = f"postgresql://nobody@/nothing?host={tmp_path}"
    async with running_api(database, nowhere) as url:
        assert (await get(f"{url}/health")).status_code == 200
        ready = await get(f"{url}/ready")
    assert ready.status_code == 503
    assert ready.json()["status"] == "not ready"
    assert "database" in ready.json()["reason"]
    assert str(tmp_path) not in ready.text


async def test_it_is_not_ready_before_the_migrations_ran(database_url: str) -> None:
    empty = await _empty_database(database_url)
    async with open_database(empty) as database, running_api(database, empty) as url:
        ready = await get(f"{url}/ready")
        tracked = await asyncio.to_thread(requests.get, f"{url}/track/v2/projects/x/system/time", timeout=20)
    assert ready.status_code == 503
    assert "parley migrate" in ready.json()["reason"]
    assert tracked.json()["success"] is False
    assert "relation" not in tracked.text


async def _empty_database(url: str) -> str:
    async with open_database(url) as database, database.connection() as connection:
        await connection.execute("DROP DATABASE IF EXISTS empty WITH (FORCE)")
        await connection.execute("CREATE DATABASE empty")
    return url.replace("/postgres?", "/empty?", 1)


@pytest.mark.parametrize("path", ["/nothing", "/track/v2", "/data/v2/projects/x/nothing"])
async def test_an_address_that_is_not_there_is_told_in_json(api_url: str, path: str) -> None:
    answer = await get(f"{api_url}{path}")
    assert (answer.status_code, answer.json()["success"]) == (404, False)

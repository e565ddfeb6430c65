"""`/api/v1`: callbacks that were not understood, over HTTP."""

from typing import Any

import pytest

from parley.access import Role
from parley.services.read_callbacks import read_callbacks
from parley.store.callbacks import RawCallback, keep_callbacks
from parley.store.database import Database
from tests.contracts.management.test_definitions import as_role, call
from tests.support.api import Answer, ProjectApi
from tests.support.builders import NOW


@pytest.fixture
async def strange(api: ProjectApi, database: Database) -> list[str]:
    """Their bodies, of the same moment."""
    bodies = [b'{"n":%d}' % number for number in range(3)]
    kept = [RawCallback(api.project.project_id, "shop", bytes([n]) * 32, body, {}) for n, body in enumerate(bodies)]
    async with database.transaction() as connection:
        assert await keep_callbacks(connection, kept, NOW, []) == 3
    await read_callbacks(database)
    return [body.decode() for body in bodies]


async def _ask(api: ProjectApi, query: str = "") -> Answer:
    return await call(api, "GET", f"/problems{query}", under="/callbacks")


async def test_each_is_told_with_what_was_wrong_and_how_it_begins(api: ProjectApi, strange: list[str]) -> None:
    told: list[dict[str, Any]] = (await _ask(api)).body["data"]["callbacks"]
    assert [one["body"] for one in told] == strange[::-1]
    assert told[0] == {
        "id": f"shop/{'02' * 32}",
        "received_at": "2026-11-23T12:00:00Z",
        "integration": "shop",
        "times_seen": 1,
        "items": 1,
        "problem": "The body is of neither of Sinch's APIs.",
        "body": '{"n":2}',
        "body_bytes": 7,
    }


async def test_it_is_read_page_by_page(api: ProjectApi, strange: list[str]) -> None:
    first = (await _ask(api, "?size=2")).body["data"]
    second = (await _ask(api, f"?size=2&before={first['next']}")).body["data"]
    assert [one["body"] for one in (*first["callbacks"], *second["callbacks"])] == strange[::-1]
    assert (len(first["callbacks"]), second["next"]) == (2, None)


@pytest.mark.parametrize("query", ["?size=0", "?size=x", "?before=x", f"?before=shop/{'ff' * 32}", "?before=%00/00"])
async def test_an_odd_page_is_refused(api: ProjectApi, query: str) -> None:
    answer = await _ask(api, query)
    assert answer.status == 400
    assert answer.body["errors"][0].startswith(query[1:].partition("=")[0])


async def test_it_is_for_whoever_may_read_customers(api: ProjectApi, database: Database, strange: list[str]) -> None:
    assert (await _ask(await as_role(api, database, Role.VIEWER))).status == 200
    assert (await _ask(api.with_key(None))).status == 401

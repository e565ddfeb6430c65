"""`/api/v1`: what messages did cost, with a project's keys."""

import pytest

from parley.access import Role
from parley.store.database import Database
from tests.contracts.management.test_campaigns import as_role, call
from tests.support.api import ProjectApi


async def test_a_viewer_reads_an_empty_report(api: ProjectApi, database: Database) -> None:
    viewer = await as_role(api, database, Role.VIEWER)
    answer = await call(viewer, "GET", "/costs?by=market&since=2026-11-01&until=2026-11-30")
    assert (answer.status, answer.body) == (200, {"success": True, "data": []})


@pytest.mark.parametrize(
    "query", ["by=mood", "since=yesterday", "until=2026-13-01", "until=2026-11-01&since=2026-12-01"]
)
async def test_what_cannot_be_asked_is_told(api: ProjectApi, query: str) -> None:
    answer = await call(api, "GET", f"/costs?{query}")
    assert (answer.status, answer.body["success"]) == (400, False)
    assert query.split("=", maxsplit=1)[0] in answer.text


@pytest.mark.parametrize("span", ["since=9999-12-31", "until=0001-01-01"])
async def test_days_without_any_message_are_no_error(api: ProjectApi, span: str) -> None:
    assert (await call(api, "GET", f"/costs?{span}")).body == {"success": True, "data": []}

"""`/api/v1`: campaigns launched and steered with a project's keys."""

import asyncio
from typing import Any

import msgspec
import pytest
import requests

from parley.access import Role, new_private_key
from parley.store.database import Database
from parley.store.projects import insert_key
from tests.support.api import Answer, ProjectApi
from tests.support.builders import NOW

HELLO: dict[str, Any] = {
    "kind": "campaign",
    "name": "hello",
    "title": "Hello",
    "send": {"type": "send_text", "text": "Hello {{ customer.first_name }}"},
    "start": "2099-01-01T00:00:00+01:00",
}


async def call(api: ProjectApi, method: str, path: str, body: Any = None) -> Answer:
    url = f"{api.url}/api/v1/projects/{api.project.project_token}{path}"
    data = msgspec.json.encode(body) if body is not None else None
    auth = api.key if isinstance(api.key, tuple) else None
    answer = await asyncio.to_thread(requests.request, method, url, data=data, auth=auth, timeout=20)
    return Answer(answer.status_code, answer.json(), answer.text)


async def as_role(api: ProjectApi, database: Database, role: Role) -> ProjectApi:
    key = new_private_key(api.project.project_id, role)
    async with database.transaction() as connection:
        await insert_key(connection, key.stored, NOW)
    return api.with_key((key.key_id, key.key_secret))


async def test_an_editor_writes_launches_and_cancels_it_and_a_viewer_looks(api: ProjectApi, database: Database) -> None:
    editor, viewer = await as_role(api, database, Role.EDITOR), await as_role(api, database, Role.VIEWER)
    assert (await call(editor, "PUT", "/definitions/campaign/hello", HELLO)).status == 201
    assert (await call(viewer, "POST", "/campaigns/hello/launch")).status == 403
    launched = await call(editor, "POST", "/campaigns/hello/launch")
    assert (launched.status, launched.body["data"]["starts_at"]) == (201, "2099-01-01T00:00:00+01:00")
    shown = (await call(viewer, "GET", "/campaigns/hello")).body["data"]
    assert (shown["costs"], [one["what"] for one in shown["waits"]]) == ([], ["campaigns_scheduled"])
    assert (shown["title"], shown["planned"], shown["messages"]) == ("Hello", 0, {})
    assert (shown["run"]["id"], shown["run"]["state"]) == (launched.body["data"]["id"], "planning")
    assert isinstance(editor.key, tuple)
    assert shown["run"]["launched_by"] == editor.key[0]
    assert (await call(viewer, "POST", "/campaigns/hello/cancel")).status == 403
    assert (await call(editor, "POST", "/campaigns/hello/cancel")).status == 200
    (line,) = (await call(viewer, "GET", "/campaigns")).body["data"]
    assert (line["name"], line["run"]["state"]) == ("hello", "cancelling")


async def test_a_body_that_would_be_passed_over_launches_nothing(api: ProjectApi) -> None:
    await call(api, "PUT", "/definitions/campaign/hello", HELLO)
    answer = await call(api, "POST", "/campaigns/hello/launch", {"dry_run": True})
    assert (answer.status, answer.body["errors"]) == (400, ["This address takes no body: leave it out, or send {}."])
    assert (await call(api, "POST", "/campaigns/hello/launch", {})).status == 201
    assert (await call(api, "POST", "/campaigns/hello/cancel", {"run": 1})).status == 400


async def test_a_second_launch_is_a_conflict_that_says_what_to_do(api: ProjectApi) -> None:
    await call(api, "PUT", "/definitions/campaign/hello", HELLO)
    await call(api, "POST", "/campaigns/hello/launch")
    answer = await call(api, "POST", "/campaigns/hello/launch")
    assert answer.status == 409
    assert "hello is under way. Wait until it has ended, or cancel it" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/campaigns/nothing", 404),
        ("POST", "/campaigns/nothing/launch", 404),
        ("POST", "/campaigns/nothing/pause", 404),
        ("POST", "/campaigns/nothing/explode", 404),
        ("POST", "/campaigns/hello%00/launch", 404),
        ("GET", "/campaigns/hello%00", 404),
        ("POST", "/campaigns/hello%00/pause", 404),
        ("GET", "/campaigns/" + "x" * 3000, 404),
        ("GET", "/campaigns/%F0%9F%98%80", 404),
    ],
)
async def test_what_is_not_there_is_told(api: ProjectApi, method: str, path: str, status: int) -> None:
    answer = await call(api, method, path)
    assert (answer.status, answer.body["success"]) == (status, False)


async def test_a_campaign_may_only_use_what_there_is(api: ProjectApi) -> None:
    send = {"type": "send_template", "template": "missing", "consent_category": "whatsapp"}
    answer = await call(api, "PUT", "/definitions/campaign/hello", {**HELLO, "send": send, "settings": {"sender": "x"}})
    assert answer.status == 400
    assert "send.template: there is no template missing" in answer.text
    assert "sender: there is no integration x" in answer.text


async def test_a_campaign_that_was_deleted_and_written_again_can_be_launched(api: ProjectApi) -> None:
    await call(api, "PUT", "/definitions/campaign/hello", HELLO)
    await call(api, "DELETE", "/definitions/campaign/hello")
    assert (await call(api, "POST", "/campaigns/hello/launch")).status == 404
    assert (await call(api, "PUT", "/definitions/campaign/hello", {**HELLO, "title": "Again"})).status == 201
    assert (await call(api, "POST", "/campaigns/hello/launch")).status == 201

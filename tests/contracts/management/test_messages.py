"""`GET /api/v1/messages/{id}/decision`: the decision with its evidence, and what today's rules make of it."""

import asyncio
from typing import Any

import pytest
import requests

from parley.access import Role
from parley.services.create_project import create_project
from parley.services.plan_messages import Ask, Wanted, plan_messages
from parley.store.database import Database
from tests.contracts.management.test_definitions import as_role, call
from tests.support.api import Answer, ProjectApi
from tests.support.builders import NOW, add_customer

ASK = Ask("sinch-whatsapp-template", {"template_name": "sale", "language": "en"}, {}, {"scenario": "blunt"})


@pytest.fixture
async def refused(api: ProjectApi, database: Database) -> str:
    """A message to somebody without a number."""
    nobody = await add_customer(database, api.project, "nobody")
    async with database.transaction() as connection:
        (message,) = await plan_messages(connection, api.project.project_id, [Wanted(nobody, ASK)], NOW)
    return str(message)


async def _ask(api: ProjectApi, message_id: str) -> Answer:
    answer = await asyncio.to_thread(
        requests.get,
        f"{api.url}/api/v1/messages/{message_id}/decision",
        auth=api.key if isinstance(api.key, tuple) else None,
        headers={"Authorization": f"Token {api.key}"} if isinstance(api.key, str) else {},
        timeout=20,
    )
    return Answer(answer.status_code, answer.json(), answer.text)


def _told(answer: Answer) -> Any:
    assert answer.status == 200
    return answer.body["data"]


async def test_it_tells_the_decision_and_takes_it_again(api: ProjectApi, refused: str) -> None:
    told = _told(await _ask(api, refused))
    assert (told["state"], told["code"]) == ("refused", "no_address")
    assert told["planned"]["verdict"]["remedy"].startswith("Set the attribute phone")
    assert told["planned"]["asked"][0]["rule"] == "address_usable"
    assert told["planned"]["retaken"]["outcome"] == "same"
    assert told["planned"]["retaken"]["differences"] == []


async def test_the_project_may_stand_in_the_address(api: ProjectApi, refused: str) -> None:
    assert _told(await call(api, "GET", f"/messages/{refused}/decision", under="")) == _told(await _ask(api, refused))


@pytest.mark.parametrize("message_id", ["no-such", "00000000-0000-0000-0000-000000000000", "%00"])
async def test_a_message_that_is_not_there_is_told(api: ProjectApi, message_id: str) -> None:
    answer = await _ask(api, message_id)
    assert answer.status == 404
    assert "parley message list" in answer.text


async def test_it_is_for_whoever_may_read_customers(api: ProjectApi, database: Database, refused: str) -> None:
    assert (await _ask(await as_role(api, database, Role.VIEWER), refused)).status == 200
    assert (await _ask(api.public, refused)).status == 403
    assert (await _ask(api.with_key(("nobody", "secret")), refused)).status == 401
    assert (await _ask(api.with_key(None), refused)).status == 401
    assert (await _ask(api.with_key((str(api.key[0]), "wrong")), refused)).status == 401  # type: ignore[index]


async def test_another_project_sees_nothing_of_it(api: ProjectApi, database: Database, refused: str) -> None:
    other = await create_project(database, "Other", NOW)
    assert (await _ask(api.with_key((other.private_key.key_id, other.private_key.key_secret)), refused)).status == 404

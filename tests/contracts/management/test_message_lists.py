"""`GET /api/v1/projects/…/messages`: a customer's messages over HTTP."""

import asyncio

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
async def refused(api: ProjectApi, database: Database) -> list[str]:
    """Three messages to somebody without a number."""
    nobody = await add_customer(database, api.project, "nobody")
    async with database.transaction() as connection:
        made = await plan_messages(connection, api.project.project_id, [Wanted(nobody, ASK)] * 3, NOW)
    return [str(one) for one in made]


async def _ask(api: ProjectApi, query: str) -> Answer:
    return await call(api, "GET", f"/messages?{query}", under="")


async def test_it_tells_what_each_message_was_and_why_it_did_not_leave(api: ProjectApi, refused: list[str]) -> None:
    answer = await _ask(api, "customer=registered=nobody")
    assert answer.status == 200
    assert {one["id"] for one in answer.body["data"]["messages"]} == set(refused)
    told = answer.body["data"]["messages"][0]
    assert (told["kind"], told["template"], told["state"]) == ("template", "sale.en", "refused")
    assert told["code"] == "no_address"
    assert told["sentence"].startswith("The customer has no phone number")
    assert (told["planned_at"], told["cost"]) == ("2026-11-23T12:00:00Z", None)


async def test_a_message_of_the_list_is_what_a_decision_is_asked_of(api: ProjectApi, refused: list[str]) -> None:
    ident = (await _ask(api, "customer=registered=nobody")).body["data"]["messages"][0]["id"]
    assert (await call(api, "GET", f"/messages/{ident}/decision", under="")).status == 200


async def test_it_is_read_page_by_page(api: ProjectApi, refused: list[str]) -> None:
    first = (await _ask(api, "customer=registered=nobody&size=2")).body["data"]
    second = (await _ask(api, f"customer=registered=nobody&size=2&before={first['next']}")).body["data"]
    assert {one["id"] for one in (*first["messages"], *second["messages"])} == set(refused)
    assert (len(first["messages"]), len(second["messages"]), second["next"]) == (2, 1, None)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=refused", 3),
        ("state=refused&state=failed", 3),
        ("state=failed", 0),
        ("since=2026-11-23", 3),
        ("since=2026-11-23T12:00:00Z", 3),
        ("since=2026-11-24", 0),
    ],
)
async def test_it_is_narrowed_by_state_and_time(api: ProjectApi, refused: list[str], query: str, count: int) -> None:
    answer = await _ask(api, f"customer=registered=nobody&{query}")
    assert len(answer.body["data"]["messages"]) == count


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 400, "customer"),
        ("customer=nobody", 400, "customer: must be NAME=VALUE"),
        ("customer=phone=0901", 400, "customer"),
        ("customer=registered=unknown", 404, "Track the customer first"),
        ("customer=registered=nobody&size=0", 400, "size"),
        ("customer=registered=nobody&size=x", 400, "size"),
        ("customer=registered=nobody&state=gone", 400, "state"),
        ("customer=registered=nobody&since=2026-13-01", 400, "since: The time '2026-13-01' is neither"),
        ("customer=registered=nobody&before=x", 400, "before"),
        ("customer=registered=nobody&before=00000000-0000-0000-0000-000000000000", 400, "before: must be the id"),
        ("customer=registered=%00", 400, "customer"),
    ],
)
async def test_what_cannot_be_asked_is_named(
    api: ProjectApi, refused: list[str], query: str, status: int, said: str
) -> None:
    answer = await _ask(api, query)
    assert answer.status == status
    assert said in answer.text


async def test_it_is_for_whoever_may_read_customers(api: ProjectApi, database: Database, refused: list[str]) -> None:
    assert (await _ask(await as_role(api, database, Role.VIEWER), "customer=registered=nobody")).status == 200
    assert (await _ask(api.with_key(("nobody", "secret")), "customer=registered=nobody")).status == 401
    assert (await _ask(api.with_key(None), "customer=registered=nobody")).status == 401


async def test_another_project_sees_nothing_of_it(api: ProjectApi, database: Database, refused: list[str]) -> None:
    ident = (await _ask(api, "customer=registered=nobody")).body["data"]["messages"][0]["customer_id"]
    other = await create_project(database, "Other", NOW)
    theirs = ProjectApi(api.url, other, (other.private_key.key_id, other.private_key.key_secret))
    assert (await _ask(theirs, f"customer=id={ident}")).status == 404


async def test_its_parameters_are_described(api: ProjectApi) -> None:
    answer = await asyncio.to_thread(requests.get, f"{api.url}/schema/openapi.json", timeout=20)
    described = answer.json()
    (path,) = [one for name, one in described["paths"].items() if name.endswith("/messages")]
    named = {one["name"] for one in path["get"]["parameters"] if one["in"] == "query"}
    assert named == {"customer", "state", "since", "size", "before"}

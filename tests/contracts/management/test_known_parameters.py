"""A query parameter that an address of `/api/v1` does not have is told, with those it has; Exponea's own pass."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.contracts.management.test_definitions import call
from tests.support.api import Answer, ProjectApi

STRANGE = "limti"


async def _described(api: ProjectApi) -> dict[str, Any]:
    answer = await asyncio.to_thread(requests.get, f"{api.url}/schema/openapi.json", timeout=20)
    paths: dict[str, Any] = answer.json()["paths"]
    return paths


def _doors(paths: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Method, path and parameters of each door of /api/v1."""
    for path, methods in paths.items():
        if path.startswith("/api/v1/"):
            for method, door in methods.items():
                yield method, path, [one["name"] for one in door.get("parameters", []) if one["in"] == "query"]


async def _ask(api: ProjectApi, method: str, path: str) -> Answer:
    filled = path.replace("{token}", api.project.project_token)
    url = f"{api.url}{re.sub(r'{[^}]*}', 'x', filled)}?{STRANGE}=5"
    auth = api.key if isinstance(api.key, tuple) else None
    answer = await asyncio.to_thread(requests.request, method, url, auth=auth, timeout=20)
    return Answer(answer.status_code, answer.json(), answer.text)


async def test_every_door_tells_what_it_does_not_have_and_what_it_has(api: ProjectApi) -> None:
    doors = list(_doors(await _described(api)))
    assert len(doors) > 30
    for method, path, known in doors:
        answer = await _ask(api, method, path)
        assert (answer.status, answer.body["success"]) == (400, False), (method, path, answer.text)
        (sentence,) = answer.body["errors"]
        assert sentence.startswith(f"{STRANGE}: this address has no such parameter; "), (method, path)
        told = sentence.removesuffix(".").rpartition("; ")[2]
        assert told == (f"there is {', '.join(known)}" if known else "it has none"), (method, path)


async def test_those_that_exist_are_taken(api: ProjectApi) -> None:
    assert (await call(api, "GET", "?limit=1&status=approved", under="/templates")).status == 200
    assert (await call(api, "GET", "?size=1&category=whatsapp", under="/consents")).status == 200


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("/messages", "customer: is missing; this address needs it."),
        ("/costs?by=day&by=market", "by: is said more than once; say it once."),
        ("/messages?customer=id%3Dx&customer=phone%3Dx", "customer: is said more than once; say it once."),
    ],
)
async def test_one_that_is_missing_or_said_twice_is_told(api: ProjectApi, asked: str, sentence: str) -> None:
    answer = await call(api, "GET", asked, under="")
    assert (answer.status, answer.body) == (400, {"success": False, "errors": [sentence]})


@pytest.mark.parametrize("query", ["category=whatsapp", "failed=perhaps"])
async def test_what_an_address_would_pass_over_is_told(api: ProjectApi, query: str) -> None:
    assert (await call(api, "GET", f"/uploads?{query}", under="/consents")).status == 400


@pytest.mark.parametrize("path", ["track/customers", "data/catalogs"])
async def test_exponea_s_clients_may_send_their_own(api: ProjectApi, path: str) -> None:
    body = {"customer_ids": {"registered": "jana"}, "properties": {}}
    asked = api.post(f"{path}?{STRANGE}=5", body) if path.startswith("track") else api.get(f"{path}?{STRANGE}=5")
    answer = await asked
    assert (answer.status, answer.body["success"]) == (200, True)

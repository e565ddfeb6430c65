"""The door is a plain ASGI application: what a framework would have said, it says itself."""

import asyncio

import pytest
import requests

from tests.support.api import ProjectApi


@pytest.mark.parametrize("token", ["nul%00", "tab%09", "%C3%A9", "", "a/b"])
async def test_what_can_be_no_token_is_an_unknown_address(api: ProjectApi, token: str) -> None:
    answer = await asyncio.to_thread(requests.post, f"{api.url}/callbacks/sinch/{token}", data=b"{}", timeout=20)
    assert answer.status_code == 404
    assert "parley apply" in answer.json()["error"]


async def test_it_takes_only_post(api: ProjectApi) -> None:
    answer = await asyncio.to_thread(requests.get, f"{api.url}/callbacks/sinch/nobody", timeout=20)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.json() == {"success": False, "error": "This address takes POST."}


async def test_its_answers_are_json(api: ProjectApi) -> None:
    answer = await asyncio.to_thread(requests.post, f"{api.url}/callbacks/sinch/nobody", data=b"{}", timeout=20)
    assert answer.headers["Content-Type"] == "application/json"

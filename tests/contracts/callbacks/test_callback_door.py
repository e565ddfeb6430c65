"""`POST /callbacks/sinch/{token}` over real HTTP: what each caller is told."""

import asyncio
import base64
import gzip
import hashlib
import hmac
from typing import Any

import msgspec
import pytest
import requests
from cryptography.fernet import Fernet

from parley.services.receive_callbacks import LARGEST_CALLBACK
from parley.store.database import Database
from tests.contracts.management.test_definitions import INTEGRATION, call
from tests.support.api import ProjectApi

SECRET = "sim-secret-1"
MESSAGE: dict[str, Any] = {
    "app_id": "01APP",
    "project_id": "p1",
    "accepted_time": "2026-11-23T10:00:00.724083Z",
    "message": {
        "id": "01MSG",
        "direction": "TO_APP",
        "contact_message": {"text_message": {"text": "Hej åäö 👋"}},
        "channel_identity": {"channel": "WHATSAPP", "identity": "421901777777", "app_id": ""},
        "accept_time": "2026-11-23T10:00:00.719Z",
    },
}
CONVERSATION: dict[str, Any] = {
    "kind": "integration",
    "name": "shop-whatsapp",
    "api": "sinch_conversation",
    "account": {"project_id": "p1", "app_id": "01APP", "key_id": "k", "key_secret": "s"},
    "signing_secret": SECRET,
}


async def _door(api: ProjectApi, integration: dict[str, Any]) -> str:
    answer = await call(api, "PUT", f"/integration/{integration['name']}", integration)
    return f"{api.url}{answer.body['data']['callback_path']}"


async def _post(url: str, body: bytes, headers: dict[str, str] | None = None) -> requests.Response:
    return await asyncio.to_thread(requests.post, url, data=body, headers=headers, timeout=20)


def _signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    message = body + b".nonce-1.1750000000"
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return {
        "x-sinch-webhook-signature": base64.b64encode(digest).decode(),
        "x-sinch-webhook-signature-timestamp": "1750000000",
        "x-sinch-webhook-signature-nonce": "nonce-1",
        "x-sinch-webhook-signature-algorithm": "HmacSHA256",
    }


async def _read(database: Database) -> None:
    """Waits until something was made of all that was kept."""
    async with asyncio.timeout(20), database.connection() as connection:
        while await connection.fetchval("SELECT count(*) FROM callbacks_unread"):  # noqa: ASYNC110  the server reads
            await asyncio.sleep(0.01)


async def test_a_genuine_callback_is_durable_when_it_is_answered(api: ProjectApi, database: Database) -> None:
    url, body = await _door(api, CONVERSATION), msgspec.json.encode(MESSAGE)
    answer = await _post(url, body, _signed(body))
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    await _read(database)
    exported = await api.post("data/customers/export", {"format": "native_json"})
    assert "+421901777777" in exported.text


async def test_a_wrong_signature_is_refused_and_nothing_is_kept(api: ProjectApi) -> None:
    url, body = await _door(api, CONVERSATION), msgspec.json.encode(MESSAGE)
    for headers in ({}, _signed(body, "guess"), _signed(body + b" ")):
        answer = await _post(url, body, headers)
        assert answer.status_code == 401
        assert "signature" in answer.json()["error"]
    exported = await api.post("data/customers/export", {"format": "native_json"})
    assert exported.body["data"] == []


async def test_a_secret_that_does_not_open_is_our_fault_and_not_the_callbacks(
    api: ProjectApi, database: Database
) -> None:
    url, body = await _door(api, CONVERSATION), msgspec.json.encode(MESSAGE)
    sealed_by_another_key = Fernet(Fernet.generate_key()).encrypt(SECRET.encode())
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE secrets SET ciphertext = $1 WHERE project_id = $2", sealed_by_another_key, api.project.project_id
        )
    answer = await _post(url, body, _signed(body))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_an_unknown_address_says_where_the_right_one_is(api: ProjectApi) -> None:
    answer = await _post(f"{api.url}/callbacks/sinch/nobody", b"{}")
    assert answer.status_code == 404
    assert "parley apply" in answer.json()["error"]


async def test_a_body_without_end_is_refused(api: ProjectApi) -> None:
    answer = await _post(await _door(api, INTEGRATION), b"x" * (LARGEST_CALLBACK + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"no JSON", {"Content-Type": "text/plain"}),
        (b'{"type":"whatsapp"}', {"Content-Type": "application/x-www-form-urlencoded"}),
        (b'{"type":"whatsapp"}', {"Content-Type": "application/json; charset=utf-16"}),
        (gzip.compress(b'{"type":"whatsapp"}'), {"Content-Encoding": "gzip"}),
        (b'{"type":"whatsapp"}', {"Content-Encoding": "none of ours", "Accept": "text/xml"}),
        (b"\xff" * LARGEST_CALLBACK, {}),
    ],
    ids=["empty", "text", "a form", "another charset", "gzip", "an encoding that nobody knows", "as large as may be"],
)
async def test_what_is_signed_is_kept_as_it_came_whatever_it_is(
    api: ProjectApi, database: Database, body: bytes, headers: dict[str, str]
) -> None:
    """A 4xx would lose it for good: the provider sends it no second time."""
    answer = await _post(f"{await _door(api, CONVERSATION)}?by=query", body, {**headers, **_signed(body)})
    assert answer.status_code == 200
    async with database.connection() as connection:
        kept = "SELECT body FROM callbacks WHERE project_id = $1"
        assert [row["body"] for row in await connection.fetch(kept, api.project.project_id)] == [body]


async def test_fifty_callbacks_at_once_share_transactions_and_all_count(api: ProjectApi, database: Database) -> None:
    url = await _door(api, CONVERSATION)
    bodies = []
    for number in range(50):
        message = {**MESSAGE["message"], "id": f"01MSG{number}"}
        bodies.append(msgspec.json.encode({**MESSAGE, "message": message}))
    answers = await asyncio.gather(*(_post(url, body, _signed(body)) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    await _read(database)
    exported = await api.post("data/customers/export", {"format": "native_json"})
    assert len(exported.body["data"]) == 1


async def test_a_report_of_a_message_we_never_sent_is_taken(api: ProjectApi) -> None:
    status = {"message_id": "NEVER", "recipient": "+421901777777", "status": "success", "state": "delivered"}
    body = msgspec.json.encode({"type": "whatsapp", "statuses": [status]})
    assert (await _post(await _door(api, INTEGRATION), body)).status_code == 200


async def test_what_is_unknown_is_counted(api: ProjectApi, database: Database) -> None:
    await _post(await _door(api, INTEGRATION), b'{"type":"whatsapp","surprise":1}')
    await _read(database)
    metrics = await asyncio.to_thread(requests.get, f"{api.url}/metrics", timeout=20)
    line = next(one for one in metrics.text.splitlines() if one.startswith("parley_callback_items_unknown_total"))
    assert float(line.split()[-1]) >= 1

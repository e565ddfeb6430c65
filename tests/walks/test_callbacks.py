"""What comes in: each thing once, however often, however parallel, in whatever order and shape."""

import asyncio
import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from parley.providers.signature import NotGenuine
from parley.services.receive_callbacks import Callback, UnknownDoor, keep
from tests.support.builders import Cast
from tests.walks.walk import LEGACY, Walk, inbound, status

ALICE, STRANGER = "421901000001", "421901999999"


async def _admitted(walk: Walk, raw: bytes) -> Callback:
    callback = await walk.judged({}, raw)
    assert isinstance(callback, Callback)
    return callback


async def _count(walk: Walk, table: str) -> int:
    async with walk.database.connection() as connection:
        number: int = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608  own names
        return number


async def test_an_inbound_message_becomes_the_pages_event(walk: Walk, people: Cast) -> None:
    await walk.call_back(inbound(ALICE, "ahoj 👋", walk.now))
    (event,) = await walk.events(people.alice)
    baseline = {
        "action_type": "whatsapp",
        "status": "inbound",
        "message_id": "IN-1",
        "message": "ahoj 👋",
        "type": "text",
    }
    assert event.items() >= baseline.items()


async def test_the_mapping_is_the_integrations_own(walk: Walk, people: Cast) -> None:
    mapping = {"status": "incoming_message", "text": "{{ message.body | upper }}", "who": "{{ from }}"}
    own = {"event_type": "chat", "mapping": mapping, "rest": False}
    await walk.apply({**LEGACY, "inbound": own})
    await walk.call_back(inbound(ALICE, "ahoj", walk.now))
    assert await walk.events(people.alice, "chat") == [{"status": "incoming_message", "text": "AHOJ", "who": ALICE}]


async def test_the_same_callback_counts_once_however_parallel(walk: Walk, people: Cast) -> None:
    raw = msgspec.json.encode(inbound(ALICE, "CART", walk.now))
    one = await _admitted(walk, raw)
    await asyncio.gather(*(walk.receive([one]) for _ in range(20)))
    assert await _count(walk, "callbacks") == 1
    assert len(await walk.events(people.alice)) == 1


async def test_a_callback_that_was_read_is_not_read_again(walk: Walk, people: Cast) -> None:
    one = await _admitted(walk, msgspec.json.encode(inbound(ALICE, "CART", walk.now)))
    await walk.receive([one])
    async with walk.database.transaction() as connection:
        await keep(connection, [one], walk.now)
    assert await _count(walk, "callbacks_unread") == 0


async def test_the_same_message_in_another_bundle_counts_once(walk: Walk, people: Cast) -> None:
    await walk.call_back(inbound(ALICE, "CART", walk.now))
    await walk.call_back({**inbound(ALICE, "CART", walk.now), **status("SINCH-9", "sent", walk.now)})
    assert len(await walk.events(people.alice)) == 1


async def test_a_stranger_who_writes_twice_at_once_is_one_customer(walk: Walk) -> None:
    before = await _count(walk, "customers")
    bodies = [msgspec.json.encode(inbound(STRANGER, f"hello {n}", walk.now, f"IN-{n}")) for n in range(10)]
    admitted = [await _admitted(walk, body) for body in bodies]
    await asyncio.gather(*(walk.receive([one]) for one in admitted))
    assert await _count(walk, "customers") == before + 1
    assert await _count(walk, "inbound_messages") == 10


async def test_a_stranger_can_be_answered(walk: Walk) -> None:
    await walk.apply(_answering_scenario())
    await walk.call_back(inbound(STRANGER, "hello", walk.now))
    await walk.come_to_rest()
    assert walk.sinch.bodies()[-1]["to"] == [STRANGER]


async def test_several_items_in_one_post_all_count(walk: Walk, people: Cast) -> None:
    both = inbound(ALICE, "one", walk.now, "IN-1")
    both["notifications"] += inbound(ALICE, "two", walk.now, "IN-2")["notifications"]
    await walk.call_back({**both, **status("SINCH-X", "delivered", walk.now)})
    assert [one["message"] for one in await walk.events(people.alice)] == ["one", "two"]
    assert await _count(walk, "early_reports") == 1


async def test_the_window_counts_from_the_messages_own_time(walk: Walk, people: Cast) -> None:
    await walk.call_back(inbound(ALICE, "new", walk.now, "IN-2"))
    await walk.call_back(inbound(ALICE, "old", walk.now - timedelta(hours=3), "IN-1"))
    async with walk.database.connection() as connection:
        window = await connection.fetchrow("SELECT last_inbound_at, inbound_id FROM windows")
    assert window is not None
    assert (window["last_inbound_at"], window["inbound_id"]) == (walk.now, "IN-2")


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"null", b'{"type":"whatsapp","surprise":1}', b"\xff\xfe", b'{"a":' * 5_000, b"x" * 100_000,
        b'{"type":"whatsapp","statuses":[' + b"{}," * 40_000 + b"{}]}",
    ],
)  # fmt: skip
async def test_what_we_do_not_understand_is_kept_raw_and_counted(walk: Walk, raw: bytes) -> None:
    await walk.receive([await _admitted(walk, raw)])
    async with walk.database.connection() as connection:
        row = await connection.fetchrow("SELECT body, unknown, problem FROM callbacks")
    assert row is not None
    assert row["body"] == raw
    assert row["unknown"] >= 1
    assert row["problem"]


async def test_text_that_postgresql_cannot_hold_is_still_an_event(walk: Walk, people: Cast) -> None:
    body = inbound(ALICE, "PLACE", walk.now)
    raw = msgspec.json.encode(body).replace(b"PLACE", rb"nul \u0000 and half \ud83d a pair")
    await walk.receive([await _admitted(walk, raw)])
    (event,) = await walk.events(people.alice)
    assert event["message"].startswith("nul ")


async def test_an_unknown_door_is_told_apart(walk: Walk) -> None:
    assert await walk.judged({}, b"{}", "nobody") == UnknownDoor()


async def test_a_signed_door_lets_only_genuine_callbacks_in(walk: Walk) -> None:
    await walk.apply({**LEGACY, "signing_secret": "shared"})
    raw = msgspec.json.encode(inbound(ALICE, "CART", walk.now))
    for digest in (base64.b64encode, lambda hashed: hashed.hex().encode()):
        good = await walk.judged(_signed(raw, "shared", digest), raw)
        assert isinstance(good, Callback)
    bad = await walk.judged(_signed(raw, "guess", base64.b64encode), raw)
    assert isinstance(bad, NotGenuine)
    assert isinstance(await walk.judged({}, raw), NotGenuine)


def _signed(raw: bytes, secret: str, digest: Any) -> dict[str, str]:
    hashed = hmac.new(secret.encode(), raw + b".nonce", hashlib.sha256).digest()
    return {
        "Sinch-WhatsApp-Callback-Signature": digest(hashed).decode(),
        "sinch-whatsapp-callback-signature-algorithm": "HMAC_SHA_256",
        "sinch-whatsapp-callback-signature-nonce": "nonce",
    }


def _answering_scenario() -> dict[str, Any]:
    return {
        "kind": "scenario",
        "name": "answer",
        "nodes": [
            {
                "id": "written",
                "type": "on_event",
                "event": "campaign",
                "filter": {"property": "status", "equals": "inbound"},
                "next": "thanks",
            },
            {"id": "thanks", "type": "send_text", "text": "Thank you, {{ event.message }}"},
        ],
    }

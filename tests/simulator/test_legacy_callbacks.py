"""The legacy API's callbacks: states, failures, batches, signatures, retries (sinch.md 1.8)."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from tests.simulator.desk import ALICE, BOB, Desk, cart_legacy
from tests.simulator.shop import Shop, open_shop

TEXT = {"type": "text", "text": "ahoj"}


def first_status(shop: Shop) -> dict[str, Any]:
    status: dict[str, Any] = shop.next().body["statuses"][0]
    return status


def test_it_fails_free_text_outside_the_window(desk: Desk, shop: Shop) -> None:
    sent = desk.send_legacy(TEXT)[0]
    status = first_status(shop)
    assert (status["status"], status["state"]) == ("failure", "failed")
    assert (status["message_id"], status["recipient"]) == (sent["message_id"], f"+{ALICE}")
    assert "24 hours" in status["details"]
    assert len(status["timestamp"]) == len("2023-05-01T10:00:00Z")


@pytest.mark.parametrize(
    "message",
    [
        cart_legacy("only one"),
        cart_legacy(template_name="nobody_knows_it"),
        cart_legacy(language="sk"),
        cart_legacy("two\nlines", "3"),
    ],
    ids=["parameters", "name", "language", "new line"],
)
def test_it_fails_a_template_that_does_not_fit(desk: Desk, shop: Shop, message: dict[str, Any]) -> None:
    desk.send_legacy(message)
    assert first_status(shop)["state"] == "failed"


def test_it_fails_who_is_not_on_whatsapp_as_no_capability(desk: Desk, shop: Shop) -> None:
    desk.sim(f"handsets/{ALICE}", {"on_whatsapp": False})
    desk.send_legacy(cart_legacy())
    assert first_status(shop)["state"] == "no_capability"


def test_it_deletes_what_ran_out_of_time(desk: Desk, shop: Shop) -> None:
    desk.sim("faults", {"kind": "fail", "code": "DELIVERY_TIMED_OUT", "number": ALICE})
    desk.send_legacy(cart_legacy())
    assert first_status(shop)["state"] == "deleted"


def test_it_asks_for_opt_in_only_under_the_old_rule(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"no_opt_in": True})
    desk.call_legacy("POST", "/provision/optin", {"numbers": [ALICE]})
    refused = desk.send_legacy(cart_legacy(), BOB)[0]
    assert shop.status_of(refused["message_id"], "no_opt_in")["status"] == "failure"
    sent = desk.send_legacy(cart_legacy(), ALICE)[0]
    assert shop.status_of(sent["message_id"], "delivered")
    desk.write({"type": "text", "text": "a day of consent", "api": "legacy"}, BOB)
    again = desk.send_legacy(cart_legacy(), BOB)[0]
    assert shop.status_of(again["message_id"], "delivered")


def test_it_mixes_statuses_and_notifications_in_one_post(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"legacy_batch": "always"})
    desk.sim("clock", {"speed": 0.0001, "delays": 1})  # everything waits until the clock is moved
    desk.send_legacy(cart_legacy(), ALICE, BOB)
    desk.write({"type": "text", "text": "ahoj", "api": "legacy", "profile_name": "Alice"})
    desk.advance(1)
    body = shop.next().body
    assert [status["state"] for status in body["statuses"]] == ["dispatched", "dispatched"]
    assert [notice["message"]["body"] for notice in body["notifications"]] == ["ahoj"]
    assert body["contacts"] == [{"profile": {"name": "Alice"}, "wa_id": ALICE}]


def test_it_sends_statuses_where_the_message_asked(desk: Desk, shop: Shop) -> None:
    with open_shop() as other:
        sent = desk.send_legacy(cart_legacy(), ALICE, callback=f"{other.url}/mine")[0]
        assert other.status_of(sent["message_id"], "delivered")
        assert shop.is_quiet()


def test_it_may_keep_the_asked_address(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"sticky_callback": True})
    with open_shop() as other:
        desk.send_legacy(cart_legacy(), ALICE, callback=f"{other.url}/mine")
        later = desk.send_legacy(cart_legacy(), BOB)[0]
        assert other.status_of(later["message_id"], "delivered")
        assert shop.is_quiet()


@pytest.mark.parametrize("digest", ["hex", "base64"])
def test_it_signs_when_a_key_was_agreed(desk: Desk, shop: Shop, digest: str) -> None:
    desk.sim("legacy", {"signing_key": "agreed", "digest": digest})
    desk.send_legacy(cart_legacy())
    heard = shop.next()
    name = "sinch-whatsapp-callback-signature"
    signed = heard.raw + b"." + heard.headers[f"{name}-nonce"].encode()
    made = hmac.new(b"agreed", signed, hashlib.sha256).digest()
    assert heard.headers[name] == (made.hex() if digest == "hex" else base64.b64encode(made).decode())
    assert heard.headers[f"{name}-algorithm"] == "HMAC_SHA_256"


def test_it_does_not_sign_by_default(desk: Desk, shop: Shop) -> None:
    desk.send_legacy(cart_legacy())
    assert not [name for name in shop.next().headers if "signature" in name]


def test_it_tries_again_after_5xx_and_429_with_the_same_bytes(desk: Desk, shop: Shop) -> None:
    shop.answers = [500, 429, 503]
    desk.write({"type": "text", "text": "ahoj", "api": "legacy"})
    tries = shop.take(4)
    assert len({(it.raw, it.headers.get("sinch-whatsapp-callback-signature")) for it in tries}) == 1
    desk.write({"type": "text", "text": "next", "api": "legacy"})
    assert b"next" in shop.next().raw
    outcomes = [it["outcome"] for it in desk.told_callbacks()][:4]
    assert outcomes == ["retry", "retry", "retry", "delivered"]


def test_it_gives_up_after_15_retries_over_a_day(desk: Desk, shop: Shop) -> None:
    shop.answers = [500] * 30
    desk.sim("clock", {"delays": 1})
    desk.write({"type": "text", "text": "ahoj", "api": "legacy"})
    shop.next()
    for _ in range(15):
        desk.advance(86_400)
        shop.next()
    desk.advance(864_000)
    assert desk.sim("state")["planned"] == 0
    attempts = [it["attempt"] for it in desk.told_callbacks()]
    assert attempts == list(range(16))


def test_it_drops_a_callback_for_good_on_other_4xx(desk: Desk, shop: Shop) -> None:
    shop.answers = [404]
    desk.write({"type": "text", "text": "lost", "api": "legacy"})
    desk.write({"type": "text", "text": "kept", "api": "legacy"})
    assert {b"lost" in it.raw for it in shop.take(2)} == {True, False}
    assert desk.sim("state")["planned"] == 0


INBOUND = [
    ({"type": "text", "text": "ahoj"}, {"type": "text", "body": "ahoj"}),
    (
        {"type": "location", "latitude": 48.1, "longitude": 17.1, "name": "Blava", "address": "Hlavná 1"},
        {"type": "location", "latitude": 48.1, "longitude": 17.1, "name": "Blava", "address": "Hlavná 1"},
    ),
    (
        {"type": "list", "id": "r1", "title": "Row", "description": "first"},
        {"type": "interactive", "message": {"type": "list", "id": "r1", "title": "Row", "description": "first"}},
    ),
    (
        {"type": "media", "url": "https://x.test/a.jpg", "caption": "look"},
        {"type": "image", "url": "https://x.test/a.jpg", "mime_type": "image/jpeg", "caption": "look"},
    ),
    (
        {"type": "media", "url": "https://x.test/a.pdf", "filename": "a.pdf"},
        {"type": "document", "url": "https://x.test/a.pdf", "mime_type": "application/pdf", "filename": "a.pdf"},
    ),
    (
        {"type": "media", "url": "https://x.test/a.ogg", "kind": "voice", "mime_type": "audio/ogg"},
        {"type": "voice", "url": "https://x.test/a.ogg", "mime_type": "audio/ogg"},
    ),
    (
        {"type": "contacts", "contacts": [{"name": "Eva", "phone": "+421900"}]},
        {
            "type": "contacts",
            "contacts": [
                {"name": {"first_name": "Eva", "formatted_name": "Eva"}, "phones": [{"phone": "+421900"}]},
            ],
        },
    ),
    (
        {"type": "order", "catalog_id": "c", "title": "two", "products": [{"id": "p1", "quantity": 2}]},
        {"type": "order", "catalog_id": "c", "text": "two", "product_items": [{"id": "p1", "quantity": 2}]},
    ),
    ({"type": "reaction", "emoji": "👍"}, {"type": "error", "details": "Unsupported message type: reaction"}),
    ({"type": "unknown"}, {"type": "error", "details": "Unsupported message type: unknown"}),
]


@pytest.mark.parametrize(("written", "said"), INBOUND, ids=lambda it: str(it["type"]))
def test_it_passes_on_every_inbound_kind(desk: Desk, shop: Shop, written: dict[str, Any], said: dict[str, Any]) -> None:
    message_id = desk.write({**written, "api": "legacy"})
    notice = shop.next().body["notifications"][0]
    assert notice["message"] == said
    assert (notice["message_id"], notice["from"], notice["to"]) == (message_id, ALICE, desk.legacy["bot_id"])
    free = desk.send_legacy(TEXT)[0]
    assert shop.status_of(free["message_id"], "delivered")  # whatever was written, the window is open


def test_it_says_which_quick_reply_of_a_template_was_tapped(desk: Desk, shop: Shop) -> None:
    sent = desk.send_legacy(cart_legacy(buttons=[{"type": "quick_reply", "payload": "go"}, {"type": "quick_reply"}]))[0]
    desk.write({"type": "button", "payload": "STOP", "text": "STOP", "reply_to": sent["message_id"]})
    notice = shop.until(lambda it: "notifications" in it.body).body["notifications"][0]
    assert notice["message"] == {"type": "button", "index": "1", "text": "STOP", "payload": "STOP"}
    assert notice["replying_to"]["message_id"] == sent["message_id"]


def test_it_says_which_reply_button_was_tapped(desk: Desk, shop: Shop) -> None:
    desk.write({"type": "text", "text": "hi", "api": "legacy"})
    action = {"buttons": [{"type": "reply", "id": "yes", "title": "Yes"}]}
    buttons = {"type": "interactive", "message": {"type": "button", "body": {"text": "Ok?"}, "action": action}}
    sent = desk.send_legacy(buttons)[0]
    desk.write({"type": "button", "payload": "yes", "text": "Yes", "reply_to": sent["message_id"]})
    notice = shop.until(lambda it: b"interactive" in it.raw).body["notifications"][0]
    assert notice["message"] == {"type": "interactive", "message": {"type": "button", "id": "yes", "title": "Yes"}}


def test_it_keeps_quiet_about_blacklisted_numbers(desk: Desk, shop: Shop) -> None:
    desk.call_legacy("POST", "/provision/blacklist", {"numbers": [BOB]})
    desk.write({"type": "text", "text": "unheard", "api": "legacy"}, BOB)
    desk.write({"type": "text", "text": "heard", "api": "legacy"}, ALICE)
    assert shop.next().body["notifications"][0]["from"] == ALICE
    assert shop.is_quiet()

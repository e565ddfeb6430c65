"""The Conversation API's callbacks: where they go, what they carry, how they go wrong (sinch.md 2.8, 2.10 to 2.13)."""

import base64
import hashlib
import hmac
import time
from typing import Any

import pytest

from tests.simulator.desk import ALICE, BOB, Desk, cart, text
from tests.simulator.shop import Heard, Shop, open_shop

NAME = "x-sinch-webhook-signature"
USUAL = ["MESSAGE_INBOUND", "MESSAGE_DELIVERY"]


def is_signed_with(secret: str, heard: Heard) -> bool:
    nonce, timestamp = (heard.headers[f"{NAME}-{part}"].encode() for part in ("nonce", "timestamp"))
    signed = b".".join((heard.raw, nonce, timestamp))
    made = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    return heard.headers[NAME] == made and heard.headers[f"{NAME}-algorithm"] == "HmacSHA256"


def test_it_signs_with_the_webhooks_secret(desk: Desk, shop: Shop) -> None:
    desk.send(cart())
    assert is_signed_with(desk.app["webhook_secret"], shop.next())


def test_it_does_not_sign_without_a_secret(desk: Desk, shop: Shop) -> None:
    desk.sim("webhooks", {"url": f"{shop.url}/conversation", "secret": ""})
    desk.send(cart())
    assert NAME not in shop.next().headers


def test_it_names_no_trigger_and_no_event_id(desk: Desk, shop: Shop) -> None:
    desk.send(cart())
    assert set(shop.next().body) == {
        "app_id", "project_id", "accepted_time", "event_time", "message_metadata", "correlation_id",
        "message_delivery_report",
    }  # fmt: skip


def test_it_sends_reports_where_the_message_asked_signed_with_the_override_secret(desk: Desk, shop: Shop) -> None:
    with open_shop() as other:
        desk.send(cart(), callback_url=f"{other.url}/mine")
        heard = other.next()
        assert heard.path == "/mine"
        assert is_signed_with(desk.app["webhook_secret"], heard)
        assert shop.is_quiet()
        desk.sim("settings", {"sign_overrides": False})
        other.take(2)
        desk.send(cart(), BOB, callback_url=f"{other.url}/mine")
        assert NAME not in other.next().headers


def test_it_fans_out_to_every_webhook_with_its_own_secret(desk: Desk, shop: Shop) -> None:
    with open_shop() as other:
        desk.sim("webhooks", {"url": f"{other.url}/a", "secret": "s-a"})
        hook = {"app_id": desk.app["app_id"], "target": f"{other.url}/dismissed", "triggers": USUAL}
        assert desk.call("POST", "/webhooks", hook).json()["target_type"] == "DISMISS"
        desk.send(cart())
        first, second = shop.next(), other.next()
        assert first.raw == second.raw
        assert is_signed_with(desk.app["webhook_secret"], first)
        assert is_signed_with("s-a", second)
        assert {heard.path for heard in other.take(2)} == {"/a"}


def test_it_paces_callbacks_at_25_a_second_for_all_webhooks(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"drain_per_second": 0})
    desk.sim("clock", {"speed": 0.0001, "delays": 0})
    for i in range(20):
        desk.send(cart(), f"4219000001{i:02}")
    desk.advance(0.99)
    shop.take(25)
    assert desk.sim("state")["callbacks_waiting"] == 35
    desk.advance(2)
    shop.take(35)


def test_it_tells_of_submitted_messages_to_who_subscribed(desk: Desk, shop: Shop) -> None:
    desk.sim("webhooks", {"url": f"{shop.url}/conversation", "triggers": ["MESSAGE_SUBMIT"]})
    message_id = desk.send(cart(), message_metadata="m")
    notice = shop.next().body["message_submit_notification"]
    assert (notice["message_id"], notice["metadata"]) == (message_id, "m")
    assert notice["submitted_message"] == cart()
    assert shop.is_quiet()


def test_it_leaves_ids_empty_and_forgets_metadata_in_dispatch_mode(desk: Desk, shop: Shop) -> None:
    message_id = desk.send(cart(), message_metadata="m", conversation_metadata={"k": 1}, correlation_id="c")
    report = shop.report_of(message_id, "QUEUED_ON_CHANNEL")
    assert (report["contact_id"], report["conversation_id"], report["metadata"]) == ("", "", "m")
    assert report["processing_mode"] == "DISPATCH"
    desk.write({"type": "text", "text": "hi"})
    heard = shop.until(lambda it: "message" in it.body)
    assert (heard.body["message_metadata"], heard.body["correlation_id"]) == ("", "")


def test_it_keeps_metadata_in_dispatch_mode_when_retention_is_set(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"retention_days": 7})
    desk.send(cart(), conversation_metadata={"k": 1}, correlation_id="c")
    desk.write({"type": "text", "text": "hi"})
    heard = shop.until(lambda it: "message" in it.body)
    assert (heard.body["message_metadata"], heard.body["correlation_id"]) == ('{"k":1}', "c")


def test_it_makes_contacts_and_conversations_in_conversation_mode(desk: Desk, shop: Shop) -> None:
    patch = {"processing_mode": "CONVERSATION"}
    assert desk.call("PATCH", f"/apps/{desk.app['app_id']}", patch).json()["processing_mode"] == "CONVERSATION"
    desk.write({"type": "text", "text": "hi", "profile_name": "Alice"})
    told = {key: value for heard in shop.take(3) for key, value in heard.body.items()}
    contact_id = told["contact_create_notification"]["contact"]["id"]
    assert told["contact_create_notification"]["contact"]["display_name"] == "Alice"
    assert told["conversation_start_notification"]["conversation"]["contact_id"] == contact_id
    assert told["message"]["contact_id"] == contact_id
    assert told["message"]["conversation_id"]
    answer = desk.call("POST", "/messages:send", {**desk.sending(text()), "recipient": {"contact_id": contact_id}})
    assert shop.report_of(answer.json()["message_id"], "DELIVERED")["contact_id"] == contact_id


def test_it_merges_conversation_metadata_by_patch(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"mode": "CONVERSATION"})
    desk.send(cart(), conversation_metadata={"a": {"x": 1, "y": 2}, "b": 1})
    merge = {"conversation_metadata_update_strategy": "MERGE_PATCH"}
    desk.send(cart(), conversation_metadata={"a": {"x": None}, "b": 2}, **merge)
    desk.write({"type": "text", "text": "hi"})
    assert shop.until(lambda it: "message" in it.body).body["message_metadata"] == '{"a":{"y":2},"b":2}'


def test_it_tries_again_with_the_same_body_and_signature(desk: Desk, shop: Shop) -> None:
    shop.answers = [500, 429]
    desk.write({"type": "text", "text": "hi"})
    tries = shop.take(3)
    assert len({(it.raw, it.headers[NAME], it.headers[f"{NAME}-timestamp"]) for it in tries}) == 1


def test_it_may_sign_a_retry_anew(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"sign_retries_again": True})
    shop.answers = [500]
    desk.write({"type": "text", "text": "hi"})
    first, second = shop.take(2)
    assert first.raw == second.raw
    assert first.headers[f"{NAME}-nonce"] != second.headers[f"{NAME}-nonce"]
    assert is_signed_with(desk.app["webhook_secret"], second)


def test_it_tries_again_when_nobody_answers_the_door(desk: Desk) -> None:
    with open_shop() as shop:
        desk.sim("webhooks", {"url": shop.url})
    desk.sim("clock", {"delays": 1})
    desk.write({"type": "text", "text": "hi"})
    desk.sim("clock", {"delays": 0})
    attempts = 0
    while attempts < 3:
        desk.advance(100)
        attempts = max((entry["attempt"] for entry in desk.sim("journal?kind=callback")["entries"]), default=0)
    assert {entry["status"] for entry in desk.sim("journal?kind=callback")["entries"]} == {0}


def test_it_drops_a_callback_for_good_on_other_4xx(desk: Desk, shop: Shop) -> None:
    shop.answers = [400]
    desk.write({"type": "text", "text": "lost"})
    desk.write({"type": "text", "text": "kept"})
    assert len({heard.raw for heard in shop.take(2)}) == 2
    outcomes = [entry["outcome"] for entry in desk.told_callbacks()]
    assert "dropped" in outcomes
    assert desk.sim("state")["planned"] == 0


def test_it_drops_a_callback_to_an_address_that_is_none(desk: Desk, shop: Shop) -> None:
    desk.send(cart(), callback_url="no address")
    desk.write({"type": "text", "text": "goes on"}, BOB)
    assert shop.next().body["message"]
    desk.advance(1)
    assert "no address" in {entry["url"] for entry in desk.told_callbacks()}


def test_it_tries_again_when_an_answer_takes_too_long(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"callback_timeout_seconds": 0.2})
    shop.stalls = 1
    desk.write({"type": "text", "text": "hi"})
    assert shop.next().body["message"]  # the second try, heard while the first still waits
    shop.patience.set()
    assert desk.told_callbacks()[0]["outcome"] == "retry"


def guarded(desk: Desk, shop: Shop, how: str) -> None:
    credentials = {"client_id": "i", "client_secret": "hush", "endpoint": f"{shop.url}/token", "scope": "cb"}
    hook = {"app_id": desk.app["app_id"], "target": f"{shop.url}/guarded", "target_type": "HTTP", "triggers": USUAL}
    made = {**hook, "client_credentials": {**credentials, "token_request_type": how}}
    assert desk.call("POST", "/webhooks", made).status_code == 200


@pytest.mark.parametrize(
    ("how", "form", "header"),
    [
        ("BASIC", b"grant_type=client_credentials&scope=cb", f"Basic {base64.b64encode(b'i:hush').decode()}"),
        ("FORM", b"grant_type=client_credentials&scope=cb&client_id=i&client_secret=hush", None),
    ],
)
def test_it_fetches_a_token_for_callbacks_and_keeps_it(desk: Desk, how: str, form: bytes, header: str | None) -> None:
    with open_shop() as shop:
        shop.tokens = {"access_token": "t-1", "expires_in": 60}
        guarded(desk, shop, how)
        desk.write({"type": "text", "text": "one"})
        asked, heard = shop.take(2)
        assert (asked.path, asked.raw, asked.headers.get("authorization")) == ("/token", form, header)
        assert (heard.path, heard.headers["authorization"]) == ("/guarded", "Bearer t-1")
        desk.write({"type": "text", "text": "two"})
        assert shop.next().path == "/guarded"
        desk.advance(61)
        desk.write({"type": "text", "text": "three"})
        assert [it.path for it in shop.take(2)] == ["/token", "/guarded"]


def test_it_tries_again_when_the_token_endpoint_fails(desk: Desk) -> None:
    with open_shop() as shop:
        shop.tokens = {"access_token": "t-1", "expires_in": 60}
        shop.answers = [500]
        guarded(desk, shop, "BASIC")
        desk.write({"type": "text", "text": "one"})
        assert [it.path for it in shop.take(3)] == ["/token", "/token", "/guarded"]


@pytest.mark.parametrize("expires_in", [29, 3601])
def test_it_tries_again_when_it_gets_no_good_token(desk: Desk, expires_in: int) -> None:
    with open_shop() as shop:
        shop.tokens = {"access_token": "t-1", "expires_in": expires_in}
        guarded(desk, shop, "BASIC")
        desk.write({"type": "text", "text": "one"})
        assert [it.path for it in shop.take(2)] == ["/token", "/token"]
        shop.tokens = {"access_token": "t-1", "expires_in": 60}
        assert shop.until(lambda it: it.path != "/token").path == "/guarded"


TWISTS: list[tuple[str, list[str]]] = [
    ("silence", ["QUEUED_ON_CHANNEL"]),
    ("read_without_delivered", ["QUEUED_ON_CHANNEL", "READ"]),
    ("disorder", ["QUEUED_ON_CHANNEL", "READ", "DELIVERED"]),
]


@pytest.mark.parametrize(("kind", "statuses"), TWISTS)
def test_it_reports_strangely_on_order(desk: Desk, shop: Shop, kind: str, statuses: list[str]) -> None:
    desk.stop_clock()
    desk.sim("faults", {"kind": kind, "number": ALICE})
    desk.send(cart())
    for status, seconds in zip(statuses, (1, 166, 3), strict=False):
        desk.advance(seconds)
        assert shop.next().report()["status"] == status
    desk.advance(3600)
    desk.write({"type": "text", "text": "the end"})
    assert "message" in shop.next().body
    assert desk.thread()[0]["state"] == {"silence": "sent"}.get(kind, "read")


def test_it_may_report_delivery_before_the_channel_has_it(desk: Desk, shop: Shop) -> None:
    desk.sim(f"handsets/{ALICE}", {"reads": False})
    desk.stop_clock()
    desk.sim("faults", {"kind": "disorder", "number": ALICE})
    desk.send(cart())
    for status, seconds in (("DELIVERED", 3), ("QUEUED_ON_CHANNEL", 1)):
        desk.advance(seconds)
        assert shop.next().report()["status"] == status


def test_it_reports_before_it_answers_on_order(desk: Desk, shop: Shop) -> None:
    desk.sim("faults", {"kind": "report_first", "number": ALICE})
    message_id = desk.send(cart())
    answered_at = time.monotonic()
    first = shop.next()
    assert first.report()["message_id"] == message_id
    assert first.at < answered_at
    assert shop.report_of(message_id, "DELIVERED")


def fault(desk: Desk, kind: str, **more: Any) -> None:
    desk.sim("faults", {"kind": kind, "endpoint": "callback.conversation", **more})


def test_it_doubles_a_callback_on_order(desk: Desk, shop: Shop) -> None:
    fault(desk, "duplicate")
    desk.write({"type": "text", "text": "hi"})
    first, second = shop.take(2)
    assert (first.raw, first.headers) == (second.raw, second.headers)


def test_it_replays_a_callback_much_later_on_order(desk: Desk, shop: Shop) -> None:
    fault(desk, "replay")
    desk.sim("clock", {"delays": 1})
    desk.write({"type": "text", "text": "hi"})
    first = shop.next()
    desk.advance(3600)
    second = shop.next()
    assert (first.raw, first.headers) == (second.raw, second.headers)


def test_it_loses_a_callback_on_order(desk: Desk, shop: Shop) -> None:
    fault(desk, "drop")
    desk.write({"type": "text", "text": "lost"})
    kept = desk.write({"type": "text", "text": "kept"})
    assert shop.next().body["message"]["id"] == kept


def test_it_sends_a_later_callback_first_on_order(desk: Desk, shop: Shop) -> None:
    fault(desk, "shuffle")
    desk.sim("clock", {"delays": 1})
    late, early = (desk.write({"type": "text", "text": words}) for words in ("first", "second"))
    assert shop.next().body["message"]["id"] == early
    desk.advance(2)
    assert shop.next().body["message"]["id"] == late


def test_it_signs_badly_on_order(desk: Desk, shop: Shop) -> None:
    fault(desk, "bad_signature")
    desk.write({"type": "text", "text": "hi"})
    assert not is_signed_with(desk.app["webhook_secret"], shop.next())


def test_it_signs_with_an_old_time_on_order(desk: Desk, shop: Shop) -> None:
    desk.write({"type": "text", "text": "hi"})
    fresh = shop.next()
    fault(desk, "stale_timestamp")
    desk.write({"type": "text", "text": "hi"})
    stale = shop.next()
    assert is_signed_with(desk.app["webhook_secret"], stale)
    assert int(fresh.headers[f"{NAME}-timestamp"]) - int(stale.headers[f"{NAME}-timestamp"]) > 86_000

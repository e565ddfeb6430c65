"""The control API: phones, knobs, journal, and clear refusals."""

from typing import Any

import pytest

from tests.simulator.desk import ALICE, BOB, Desk, cart, cart_legacy
from tests.simulator.shop import Shop


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        (f"handsets/{ALICE}/messages", {"type": "hologram"}, "hologram"),
        (f"handsets/{ALICE}/messages", {"type": "text"}, "text"),
        (f"handsets/{ALICE}/messages", {"type": "text", "text": ""}, "length"),
        (f"handsets/{ALICE}/messages", {"type": "text", "text": "x", "colour": 1}, "colour"),
        (f"handsets/{ALICE}/messages", {"type": "media"}, "base64"),
        (f"handsets/{ALICE}/messages", {"type": "media", "data_base64": "?", "mime_type": "image/png"}, "base64"),
        (f"handsets/{ALICE}/messages", {"type": "location", "latitude": 91, "longitude": 0}, "90"),
        ("handsets/nobody/messages", {"type": "text", "text": "x"}, "phone number"),
        ("handsets/4219/messages", {"type": "text", "text": "x"}, "phone number"),
        (f"handsets/{ALICE}", {"hat": True}, "hat"),
        ("faults", {"kind": "gremlin"}, "gremlin"),
        ("faults", {"chaos": "lots"}, "lots"),
        ("settings", {"drain_per_second": -1}, "0"),
        ("settings", {"gravity": 1}, "gravity"),
        ("clock", {"advance_seconds": -1}, "0"),
        ("clock", {"speed": 0}, "0"),
        ("clock", {"advance_seconds": 1e300}, "<="),
        ("clock", {"speed": 1e300}, "<="),
        ("clock", {"delays": 1e300}, "<="),
        ("templates", {"name": "x", "status": "MAYBE"}, "MAYBE"),
        ("legacy", {"digest": "rot13"}, "rot13"),
        ("legacy", {"callback_url": "nowhere"}, "http address"),
        ("consents", {"number": ALICE, "list_type": "X"}, "list_type"),
    ],
)
def test_it_says_what_is_wrong(desk: Desk, path: str, body: dict[str, Any], word: str) -> None:
    answer = desk.sim_raw(path, body)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


@pytest.mark.parametrize("path", ["journal?limit=many", "journal/counts?by=weather", "journal/counts?at_least=x"])
def test_it_refuses_odd_questions(desk: Desk, path: str) -> None:
    assert desk.sim_raw(path).status_code == 400


def test_it_refuses_webhooks_like_the_api(desk: Desk) -> None:
    assert desk.sim_raw("webhooks", {"url": "nowhere"}).status_code == 400
    assert desk.sim_raw("webhooks", {"url": "https://x.test", "triggers": ["NO"]}).status_code == 400


def test_it_lists_handsets_with_their_last_message_and_unread(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"read_percent": 0})
    message_id = desk.send(cart())
    shop.report_of(message_id, "DELIVERED")
    desk.write({"type": "text", "text": "hi", "profile_name": "Bob"}, f"+{BOB}")
    bob, alice = desk.sim("handsets")["handsets"]
    assert (alice["number"], alice["unread"], alice["last_text"][:10]) == (ALICE, 1, "Dear Alice")
    assert (bob["number"], bob["name"], bob["last_text"], bob["unread"]) == (BOB, "Bob", "hi", 0)


def test_what_failed_is_not_unread(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"read_percent": 0})
    shop.report_of(desk.send(cart()), "DELIVERED")
    desk.sim(f"handsets/{ALICE}", {"on_whatsapp": False})
    shop.report_of(desk.send(cart()), "FAILED")
    assert desk.sim("handsets")["handsets"][0]["unread"] == 1


def test_it_reports_what_the_person_reads(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"read_percent": 0})
    message_id = desk.send(cart())
    shop.report_of(message_id, "DELIVERED")
    desk.sim(f"handsets/{ALICE}/read", {})
    assert shop.report_of(message_id, "READ")
    assert desk.sim("handsets")["handsets"][0]["unread"] == 0
    desk.sim(f"handsets/{BOB}/read", {})
    assert len(desk.sim("handsets")["handsets"]) == 1  # looking makes no phone


def test_it_never_reports_reading_of_who_has_receipts_off(desk: Desk, shop: Shop) -> None:
    desk.sim(f"handsets/{ALICE}", {"reads": False})
    shop.report_of(desk.send(cart()), "DELIVERED")
    desk.advance(3600)
    assert desk.thread()[0]["state"] == "delivered"


def test_it_answers_through_the_api_that_last_wrote(desk: Desk, shop: Shop) -> None:
    desk.send_legacy(cart_legacy(), ALICE)
    desk.send(cart(), BOB)
    answers = [desk.sim(f"handsets/{number}/messages", {"type": "text", "text": "x"}) for number in (ALICE, BOB)]
    assert [answer["api"] for answer in answers] == ["legacy", "conversation"]


def test_it_answers_through_the_api_that_listens(desk: Desk) -> None:
    written = {"type": "text", "text": "x"}
    desk.sim("legacy", {"callback_url": "http://127.0.0.1:9/legacy"})
    assert desk.sim(f"handsets/{ALICE}/messages", written)["api"] == "legacy"
    desk.sim("webhooks", {"url": "http://127.0.0.1:9/conversation"})
    assert desk.sim(f"handsets/{ALICE}/messages", written)["api"] == "conversation"


def test_it_masks_secrets_in_the_journal(desk: Desk) -> None:
    hook = {"app_id": desk.app["app_id"], "target": "https://x.test", "triggers": ["OPT_IN"], "secret": "hush-1"}
    desk.call("POST", "/webhooks", hook)
    told = desk.sim_raw("journal").text
    for secret in ("hush-1", desk.app["key_secret"], desk.token(), desk.legacy["bearer_token"]):
        assert secret not in told
    assert '\\"secret\\":\\"***\\"' in told.replace(" ", "")


def test_it_pages_and_filters_the_journal(desk: Desk, shop: Shop) -> None:
    message_id = desk.send(cart(), ALICE, message_metadata="m")
    desk.send(cart(), BOB)
    shop.report_of(message_id, "DELIVERED")
    desk.told_callbacks()
    first = desk.sim("journal?limit=1")
    second = desk.sim(f"journal?limit=1&after={first['last']}")
    assert second["entries"][0]["seq"] > first["entries"][0]["seq"]
    assert {entry["our_id"] for entry in desk.sim("journal?our_id=m")["entries"]} == {"m"}
    assert {entry["kind"] for entry in desk.sim(f"journal?number={BOB}")["entries"]} >= {"request"}
    callbacks = desk.sim("journal?kind=callback&our_id=m")["entries"]
    assert callbacks[0]["name"] == "MESSAGE_DELIVERY"
    assert callbacks[0]["message_ids"] == [message_id]
    desk.sim("journal", method="DELETE")
    assert desk.sim("journal?our_id=m")["entries"] == []


def test_it_counts_legacy_sends_by_their_callback_address(desk: Desk) -> None:
    desk.send_legacy(cart_legacy(), ALICE, BOB, callback="http://127.0.0.1:9/ours/7")
    other = desk.send_legacy(cart_legacy(), ALICE)[0]["message_id"]
    assert desk.sim("journal/counts")["counts"] == {"http://127.0.0.1:9/ours/7": 2, other: 1}
    assert desk.sim("journal/counts?by=number")["counts"] == {ALICE: 2, BOB: 1}


def test_it_keeps_a_script_of_faults(desk: Desk) -> None:
    faults = [{"kind": "slow", "times": 2, "seconds": 0}, {"kind": "cut", "number": BOB}]
    assert len(desk.sim("faults", {"faults": faults})["faults"]) == 2
    desk.send_legacy(cart_legacy())
    assert [fault["times"] for fault in desk.sim("faults")["faults"]] == [1, 1]
    assert desk.sim("faults", method="DELETE") == {"chaos": "off", "faults": []}


def test_it_registers_templates_in_one_or_many(desk: Desk) -> None:
    desk.sim("templates", [{"name": "a"}, {"name": "a", "language": "sk", "body_parameters": 2}])
    names = [(it["name"], it["language"], it["status"]) for it in desk.sim("templates")["templates"]]
    assert names == [("abandoned_cart", "en", "APPROVED"), ("a", "en", "APPROVED"), ("a", "sk", "APPROVED")]


def test_it_moves_its_clock(desk: Desk) -> None:
    before = desk.sim("state")["now"]
    desk.advance(3600)
    assert desk.sim("state")["now"][:13] != before[:13]
    assert desk.sim("clock", {"speed": 1000})["speed"] == 1000


def test_it_shows_its_state_without_secrets(desk: Desk, shop: Shop) -> None:
    told = desk.sim_raw("state").text
    assert desk.app["webhook_secret"] not in told
    assert desk.legacy["bearer_token"] not in told
    assert desk.sim("state")["chaos"] == "off"


def test_it_serves_the_handset_page(desk: Desk) -> None:
    answer = desk.http.get(f"{desk.url}/", timeout=5)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")

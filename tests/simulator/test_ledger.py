"""The ledger keeps of every message and callback what an account needs, however long the run is."""

from hashlib import sha256
from typing import Any

from tests.simulator.desk import ALICE, BOB, Desk, cart
from tests.simulator.shop import Shop


def _told(desk: Desk, shop: Shop, **more: Any) -> tuple[str, dict[str, Any]]:
    """A message that was delivered, and its line in the ledger."""
    desk.stop_clock()
    message_id = desk.send(cart(), **more)
    for status, seconds in (("QUEUED_ON_CHANNEL", 1), ("DELIVERED", 3)):
        desk.advance(seconds)
        shop.report_of(message_id, status)
        desk.told_callbacks()
    return message_id, desk.sim("ledger/sends")["sends"][-1]


def test_it_knows_whose_a_send_was_and_what_the_shop_heard_of_it(desk: Desk, shop: Shop) -> None:
    message_id, send = _told(desk, shop, message_metadata="our-1")
    assert (send["id"], send["our_id"], send["number"]) == (message_id, "our-1", ALICE)
    assert send["heard"][:2] == ["sent", "delivered"]


def test_what_the_shop_did_not_acknowledge_was_not_heard(desk: Desk, shop: Shop) -> None:
    shop.answers = [404]
    _, send = _told(desk, shop)
    assert "sent" not in send["heard"]
    assert "delivered" in send["heard"]


def test_the_legacy_api_tells_by_the_number(desk: Desk, shop: Shop) -> None:
    (status,) = desk.send_legacy({"type": "text", "text": "hello"}, BOB)
    shop.status_of(status["message_id"], "failed")  # no window is open
    desk.told_callbacks()
    (send,) = desk.sim("ledger/sends")["sends"]
    assert (send["number"], send["heard"]) == (BOB, ["failed"])


def test_it_has_the_hash_of_every_acknowledged_body_once(desk: Desk, shop: Shop) -> None:
    desk.stop_clock()
    desk.sim("faults", {"kind": "duplicate", "endpoint": "callback.conversation"})
    message_id = desk.send(cart())
    desk.advance(1)
    twice = [shop.until(lambda heard: "QUEUED_ON_CHANNEL" in heard.raw.decode()) for _ in range(2)]
    assert twice[0].raw == twice[1].raw
    desk.advance(3)
    assert shop.report_of(message_id, "DELIVERED")
    desk.told_callbacks()
    assert desk.sim("ledger/callbacks")["callbacks"].count(sha256(twice[0].raw).hexdigest()) == 1
    assert desk.sim("ledger")["is_whole"]


def test_a_forged_body_is_kept_apart(desk: Desk, shop: Shop) -> None:
    desk.stop_clock()
    desk.sim("faults", {"kind": "bad_signature", "endpoint": "callback.conversation"})
    desk.send(cart())
    desk.advance(1)
    forged = sha256(shop.next().raw).hexdigest()
    desk.told_callbacks()
    assert desk.sim("ledger/forged")["forged"] == [forged]
    assert forged not in desk.sim("ledger/callbacks")["callbacks"]
    tallies = desk.sim("ledger")["tallies"]
    assert [one["count"] for one in tallies if one["fault"] == "bad_signature"] == [1]


def test_it_comes_in_pages_and_says_what_is_wrong_with_one(desk: Desk) -> None:
    for number in (ALICE, BOB, ALICE):
        desk.send(cart(), number)
    sends = [desk.sim(f"ledger/sends?after={after}&limit=2")["sends"] for after in (0, 2)]
    assert [[send["number"] for send in page] for page in sends] == [[ALICE, BOB], [ALICE]]
    refused = desk.sim_raw("ledger/sends?limit=0")
    assert refused.status_code == 400
    assert "limit" in refused.json()["error"]

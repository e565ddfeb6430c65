"""The page's loop on both APIs: template out, seen, CART back, window open, free text out."""

from tests.simulator.desk import ALICE, Desk, cart, cart_legacy, text
from tests.simulator.shop import Shop


def test_it_plays_the_loop_on_the_legacy_api(desk: Desk, shop: Shop) -> None:
    desk.stop_clock()
    sent = desk.send_legacy(cart_legacy(), ALICE)[0]
    assert sent["state"] == "queued"
    for state, seconds in (("dispatched", 0.5), ("sent", 1), ("delivered", 2), ("read", 200)):
        desk.advance(seconds)
        assert shop.status_of(sent["message_id"], state)["status"] == "success"
    shown = desk.thread()[0]
    assert (shown["direction"], shown["state"]) == ("out", "read")
    assert shown["text"] == "Dear Alice, you have 3 items in your shopping cart. To go there, type CART."
    assert [button["text"] for button in shown["buttons"]] == ["CART", "STOP"]

    written = desk.write({"type": "text", "text": "CART"})
    notice = shop.next().body["notifications"][0]
    assert notice["message_id"] == written
    assert notice["message"] == {"type": "text", "body": "CART"}
    assert notice["from"] == ALICE

    link = desk.send_legacy({"type": "text", "text": "https://shop.test/cart"}, ALICE)[0]
    desk.advance(10)
    assert shop.status_of(link["message_id"], "delivered")


def test_it_plays_the_loop_on_the_conversation_api(desk: Desk, shop: Shop) -> None:
    desk.stop_clock()
    sent = desk.send(cart(), message_metadata="our-1", correlation_id="c-1")
    for status, seconds in (("QUEUED_ON_CHANNEL", 1), ("DELIVERED", 3), ("READ", 200)):
        desk.advance(seconds)
        heard = shop.next()
        assert heard.report()["status"] == status
        assert heard.report()["metadata"] == "our-1"
        assert heard.body["correlation_id"] == "c-1"

    desk.write({"type": "button", "payload": "CART", "text": "CART", "reply_to": sent})
    message = shop.next().body["message"]
    assert message["contact_message"]["choice_response_message"] == {"message_id": sent, "postback_data": "CART"}
    assert message["metadata"] == "our-1"

    link = desk.send(text("https://shop.test/cart"))
    desk.advance(10)
    assert shop.report_of(link, "DELIVERED")
    assert [entry["direction"] for entry in desk.thread()] == ["out", "in", "out"]


def test_it_counts_accepted_sends_by_our_id(desk: Desk) -> None:
    for our_id in ("a", "b", "b"):
        desk.send(cart(), message_metadata=our_id)
    assert desk.sim("journal/counts?by=our_id")["counts"] == {"a": 1, "b": 2}
    assert desk.sim("journal/counts?by=our_id&at_least=2")["counts"] == {"b": 2}

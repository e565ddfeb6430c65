"""What the customer writes, as the Conversation API tells it (sinch.md 2.10)."""

import base64
from typing import Any

import pytest
import requests

from tests.simulator.desk import ALICE, Desk, cart, text
from tests.simulator.shop import Shop

CARD = {"type": "contacts", "contacts": [{"name": "Eva", "phone": "+421900"}]}
INBOUND: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "text", "text": "ahoj 👋"}, {"text_message": {"text": "ahoj 👋"}}),
    (
        {"type": "media", "url": "https://x.test/a.jpg"},
        {"media_message": {"url": "https://x.test/a.jpg", "thumbnail_url": "", "filename_override": ""}},
    ),
    (
        {"type": "media", "url": "https://x.test/a.jpg", "caption": "look"},
        {"media_card_message": {"url": "https://x.test/a.jpg", "caption": "look"}},
    ),
    (
        {"type": "location", "latitude": 48.1, "longitude": 17.1, "name": "Blava", "address": "Hlavná 1"},
        {
            "location_message": {
                "title": "Blava",
                "label": "Hlavná 1",
                "coordinates": {"latitude": 48.1, "longitude": 17.1},
            }
        },
    ),
    (
        {"type": "list", "id": "r1", "title": "Row", "reply_to": "01X"},
        {
            "choice_response_message": {"message_id": "01X", "postback_data": "r1"},
            "reply_to": {"message_id": "01X"},
        },
    ),
    (
        {"type": "order", "catalog_id": "c", "title": "two", "products": [{"id": "p1", "quantity": 2}]},
        {
            "product_response_message": {
                "products": [{"marketplace": "FACEBOOK", "id": "p1", "quantity": 2}],
                "title": "two",
                "catalog_id": "c",
            }
        },
    ),
    (
        {"type": "flow", "response": {"size": "M"}, "body": "Sent"},
        {
            "channel_specific_message": {
                "message_type": "nfm_reply",
                "message": {
                    "type": "nfm_reply",
                    "nfm_reply": {"name": "flow", "response_json": '{"size":"M"}', "body": "Sent"},
                },
            }
        },
    ),
    (
        {"type": "text", "text": "yes", "reply_to": "01X"},
        {"text_message": {"text": "yes"}, "reply_to": {"message_id": "01X"}},
    ),
]


@pytest.mark.parametrize(("written", "said"), INBOUND, ids=lambda it: "-".join(it)[:30])
def test_it_passes_on_what_was_written(desk: Desk, shop: Shop, written: dict[str, Any], said: dict[str, Any]) -> None:
    message_id = desk.write(written)
    message = shop.next().body["message"]
    assert message["contact_message"] == said
    assert (message["id"], message["direction"]) == (message_id, "TO_APP")
    assert message["channel_identity"] == {"channel": "WHATSAPP", "identity": ALICE, "app_id": ""}


@pytest.mark.parametrize("written", [CARD, {"type": "fallback", "raw_message": "{}", "reason": "new"}])
def test_it_falls_back_on_what_has_no_key(desk: Desk, shop: Shop, written: dict[str, Any]) -> None:
    desk.write(written)
    fallback = shop.next().body["message"]["contact_message"]["fallback_message"]
    assert fallback["raw_message"]
    assert fallback["reason"]["code"] == "UNSUPPORTED_OPERATION"


def test_it_tells_of_what_it_cannot_read(desk: Desk, shop: Shop) -> None:
    desk.write({"type": "unknown", "payload": {"live_location": 1}})
    unsupported = shop.next().body["unsupported_callback"]
    assert (unsupported["channel"], unsupported["channel_identity"]["identity"]) == ("WHATSAPP", ALICE)
    assert "live_location" in unsupported["payload"]
    desk.sim("settings", {"contact_card": "unsupported"})
    desk.write(CARD)
    assert "unsupported_callback" in shop.next().body
    assert shop.report_of(desk.send(text()), "DELIVERED")  # and the window is open


@pytest.mark.parametrize(("emoji", "action"), [("👍", "REACTION_ACTION_REACT"), ("", "REACTION_ACTION_UNREACT")])
def test_it_tells_reactions_as_events(desk: Desk, shop: Shop, emoji: str, action: str) -> None:
    sent = desk.send(cart())
    desk.write({"type": "reaction", "emoji": emoji, "reply_to": sent})
    event = shop.until(lambda it: "event" in it.body).body["event"]
    reaction = event["contact_message_event"]["reaction_event"]
    assert (reaction["emoji"], reaction["action"], reaction["message_id"]) == (emoji, action, sent)


def test_it_hosts_a_picture_for_seven_days(desk: Desk, shop: Shop) -> None:
    picture = b"\x89PNG not really"
    data = base64.b64encode(picture).decode()
    desk.write({"type": "media", "data_base64": data, "mime_type": "image/png"})
    url = shop.next().body["message"]["contact_message"]["media_message"]["url"]
    assert url.endswith(".png")
    answer = requests.get(url, timeout=5)
    assert (answer.content, answer.headers["content-type"].partition(";")[0]) == (picture, "image/png")
    assert desk.thread()[0]["media"]["mime_type"] == "image/png"
    desk.advance(7 * 86_400)
    assert requests.get(url, timeout=5).status_code == 404

"""The real `sinch` 2.3.0 against the simulator: the outcomes of sinch.md 5.1, and its own validator and parser."""

from collections.abc import Iterator
from typing import Any

import pytest
from sinch import SinchClient
from sinch.core.exceptions import SinchException
from sinch.domains.authentication.exceptions import AuthenticationException
from sinch.domains.conversation.api.v1.exceptions import ConversationException
from sinch.domains.conversation.models.v1.sinch_events import (
    ConversationSinchEventBase,
    MessageDeliveryReceiptEvent,
    MessageInboundEvent,
    MessageSubmitEvent,
)

from tests.simulator.desk import ALICE, Desk, cart
from tests.simulator.shop import Shop

TO_ALICE = [{"channel": "WHATSAPP", "identity": ALICE}]


def client_of(desk: Desk, **wrong: str) -> Any:
    keys = {name: desk.app[name] for name in ("key_id", "key_secret", "project_id")}
    client = SinchClient(**{**keys, **wrong}, conversation_region="eu")
    client.configuration.auth_origin = desk.url
    client.configuration.conversation_origin = desk.url
    return client


@pytest.fixture
def client(desk: Desk) -> Iterator[Any]:
    client = client_of(desk)
    yield client
    client.configuration.transport.http_session.close()


def send_text(client: Any, desk: Desk, **more: Any) -> Any:
    return client.conversation.messages.send_text_message(
        app_id=desk.app["app_id"], text="ahoj", recipient_identities=TO_ALICE, **more
    )


def requests_of(desk: Desk, name: str) -> list[int]:
    return [entry["status"] for entry in desk.sim(f"journal?kind=request&name={name}")["entries"]]


def test_it_takes_text_from_the_sdk(client: Any, desk: Desk, shop: Shop) -> None:
    desk.write({"type": "text", "text": "hi"})
    answer = send_text(client, desk, message_metadata="m", ttl=60)
    assert shop.report_of(answer.message_id, "DELIVERED")["metadata"] == "m"
    assert answer.accepted_time is not None
    assert [entry["unknown_keys"] for entry in desk.sim("journal?name=conversation.send")["entries"]] == [[]]


def test_it_takes_a_template_from_the_sdk(client: Any, desk: Desk, shop: Shop) -> None:
    template = cart()["template_message"]
    answer = client.conversation.messages.send_template_message(
        app_id=desk.app["app_id"], template_message=template, recipient_identities=TO_ALICE
    )
    assert shop.report_of(answer.message_id, "DELIVERED")
    assert desk.thread()[0]["text"].startswith("Dear Alice, you have 3 items")


def test_it_refuses_the_sdk_with_a_wrong_secret(desk: Desk) -> None:
    client = client_of(desk, key_secret="wrong")
    with pytest.raises(AuthenticationException) as raised:
        send_text(client, desk)
    assert raised.value.response_status_code == 401
    assert "Client authentication failed" in str(raised.value)
    client.configuration.transport.http_session.close()


def test_it_makes_the_sdk_refresh_an_expired_token_once(client: Any, desk: Desk) -> None:
    desk.sim("faults", {"kind": "token_expired", "endpoint": "conversation.send"})
    assert send_text(client, desk).message_id
    assert requests_of(desk, "token") == [200, 200]
    assert requests_of(desk, "conversation.send") == [401, 200]


def test_it_makes_the_sdk_give_up_on_a_revoked_token(client: Any, desk: Desk) -> None:
    desk.sim("faults", {"kind": "token_revoked", "endpoint": "conversation.send", "times": 0})
    with pytest.raises(ConversationException) as raised:
        send_text(client, desk)
    assert raised.value.response_status_code == 401
    assert requests_of(desk, "conversation.send") == [401]


def test_it_makes_the_sdk_try_four_times_on_429(client: Any, desk: Desk) -> None:
    desk.sim("faults", {"kind": "throttle", "endpoint": "conversation.send", "times": 0, "retry_after": 0})
    with pytest.raises(ConversationException) as raised:
        send_text(client, desk)
    assert raised.value.response_status_code == 429
    assert requests_of(desk, "conversation.send") == [429] * 4


def test_it_makes_the_sdk_raise_at_once_on_500(client: Any, desk: Desk) -> None:
    desk.sim("faults", {"kind": "status", "status": 500, "endpoint": "conversation.send", "times": 0})
    with pytest.raises(ConversationException) as raised:
        send_text(client, desk)
    assert raised.value.response_status_code == 500
    assert requests_of(desk, "conversation.send") == [500]


def test_it_puzzles_the_sdk_with_html_on_502(client: Any, desk: Desk) -> None:
    desk.sim("faults", {"kind": "html502", "endpoint": "conversation.send"})
    with pytest.raises(SinchException) as raised:
        send_text(client, desk)
    assert raised.value.response_status_code is None


def test_it_lists_for_the_sdk(client: Any, desk: Desk) -> None:
    desk.sim("settings", {"retention_days": 7})
    sent = [desk.send(cart(), message_metadata="m") for _ in range(3)]
    listed = client.conversation.messages.list(messages_source="DISPATCH_SOURCE", page_size=2)
    assert [message.id for message in listed.iterator()] == sent[::-1]
    found = client.conversation.messages.get(sent[0], messages_source="DISPATCH_SOURCE")
    assert (found.id, found.metadata) == (sent[0], "m")


def test_it_signs_so_that_the_sdk_believes_it(client: Any, desk: Desk, shop: Shop) -> None:
    desk.write({"type": "text", "text": "Hej åäö 👋"})
    heard = shop.next()
    events = client.conversation.sinch_events(desk.app["webhook_secret"])
    assert events.validate_authentication_header(headers=heard.headers, json_payload=heard.raw)
    for place in (0, heard.raw.index(b"Hej"), len(heard.raw) - 1):
        changed = bytearray(heard.raw)
        changed[place] ^= 1
        assert not events.validate_authentication_header(headers=heard.headers, json_payload=bytes(changed))


KINDS: list[tuple[dict[str, Any], type]] = [
    ({"type": "text", "text": "ahoj"}, MessageInboundEvent),
    ({"type": "button", "payload": "CART", "reply_to": "01X"}, MessageInboundEvent),
    ({"type": "list", "id": "r", "title": "R", "reply_to": "01X"}, MessageInboundEvent),
    ({"type": "media", "url": "https://x.test/a.jpg"}, MessageInboundEvent),
    ({"type": "media", "url": "https://x.test/a.jpg", "caption": "c"}, MessageInboundEvent),
    ({"type": "media", "url": "https://x.test/a.webp", "kind": "sticker"}, MessageInboundEvent),
    ({"type": "location", "latitude": 1, "longitude": 2, "name": "n"}, MessageInboundEvent),
    ({"type": "contacts", "contacts": [{"name": "Eva"}]}, MessageInboundEvent),
    (
        {"type": "order", "products": [{"id": "p", "quantity": 1, "item_price": 2.5, "currency": "EUR"}]},
        MessageInboundEvent,
    ),
    ({"type": "flow", "response": {"a": 1}}, MessageInboundEvent),
    ({"type": "fallback", "raw_message": "{}"}, MessageInboundEvent),
    ({"type": "reaction", "emoji": "👍", "reply_to": "01X"}, ConversationSinchEventBase),
    ({"type": "unknown"}, ConversationSinchEventBase),
]


@pytest.mark.parametrize(("written", "shape"), KINDS, ids=[str(i) + it["type"] for i, (it, _) in enumerate(KINDS)])
def test_it_writes_callbacks_that_the_sdk_parses(
    client: Any, desk: Desk, shop: Shop, written: dict[str, Any], shape: type
) -> None:
    desk.write(written)
    event = client.conversation.sinch_events(desk.app["webhook_secret"]).parse_event(shop.next().raw)
    assert type(event) is shape


def test_it_writes_reports_that_the_sdk_parses(client: Any, desk: Desk, shop: Shop) -> None:
    triggers = ["MESSAGE_SUBMIT", "MESSAGE_DELIVERY"]
    desk.sim("webhooks", {"url": f"{shop.url}/conversation", "triggers": triggers})
    desk.stop_clock()
    message_id = desk.send(cart("too few"), message_metadata="m")
    parse = client.conversation.sinch_events(desk.app["webhook_secret"]).parse_event
    submitted = parse(shop.next().raw)
    desk.advance(1)
    failed = parse(shop.next().raw)
    assert isinstance(submitted, MessageSubmitEvent)
    assert isinstance(failed, MessageDeliveryReceiptEvent)
    report: Any = failed.message_delivery_report
    assert (report.message_id, report.metadata, report.status) == (message_id, "m", "FAILED")
    assert report.reason.code == "TEMPLATE_INSUFFICIENT_PARAMETERS"

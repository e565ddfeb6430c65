"""Messages listed, webhooks managed, apps shown (sinch.md 2.8, 2.9, 2.11)."""

from typing import Any

import pytest

from tests.simulator.desk import ALICE, BOB, Desk, cart

DISPATCH = "messages_source=DISPATCH_SOURCE"


@pytest.fixture
def keeping_desk(desk: Desk) -> Desk:
    desk.sim("settings", {"retention_days": 7})
    return desk


def test_it_pages_with_an_opaque_token_until_it_is_empty(keeping_desk: Desk) -> None:
    sent = [keeping_desk.send(cart(), message_metadata=f"m{i}") for i in range(5)]
    found, token = [], ""
    while True:
        page = keeping_desk.call("GET", f"/messages?{DISPATCH}&page_size=2&page_token={token}").json()
        found += [message["id"] for message in page["messages"]]
        keeping_desk.send(cart(), BOB)  # what comes meanwhile shifts nothing
        token = page["next_page_token"]
        if not token:
            break
    assert found == sent[::-1]


def test_it_lists_10_unless_told(keeping_desk: Desk) -> None:
    for _ in range(12):
        keeping_desk.send(cart())
    assert len(keeping_desk.call("GET", f"/messages?{DISPATCH}").json()["messages"]) == 10
    assert keeping_desk.call("GET", f"/messages?{DISPATCH}&page_size=1001").status_code == 400
    assert keeping_desk.call("GET", f"/messages?{DISPATCH}&page_token=bm9uZQ==").status_code == 400


def test_it_filters(keeping_desk: Desk) -> None:
    to_bob = keeping_desk.send(cart(), BOB, message_metadata="m")
    from_alice = keeping_desk.write({"type": "text", "text": "hi"})

    def ids(query: str) -> list[str]:
        answer = keeping_desk.call("GET", f"/messages?{DISPATCH}&{query}").json()
        return [message["id"] for message in answer["messages"]]

    assert ids(f"channel_identity={BOB}") == [to_bob]
    assert ids("direction=TO_APP") == [from_alice]
    assert ids("end_time=2000-01-01T00:00:00Z") == []
    assert ids("start_time=2000-01-01T00:00:00") == [from_alice, to_bob]  # without an offset it is UTC
    assert ids("channel=SMS") == []
    assert ids(f"app_id={keeping_desk.app['app_id']}&start_time=2000-01-01T00:00:00Z") == [from_alice, to_bob]


def test_it_shows_one_message(keeping_desk: Desk) -> None:
    message_id = keeping_desk.send(cart(), message_metadata="m")
    message = keeping_desk.call("GET", f"/messages/{message_id}?{DISPATCH}").json()
    assert (message["id"], message["direction"], message["metadata"]) == (message_id, "TO_CONTACT", "m")
    assert message["app_message"] == cart()
    assert keeping_desk.call("GET", f"/messages/{message_id}").status_code == 404  # not in that source


def test_it_keeps_nothing_by_default_and_forgets_in_time(desk: Desk) -> None:
    desk.send(cart())
    assert desk.call("GET", f"/messages?{DISPATCH}").json()["messages"] == []
    desk.sim("settings", {"retention_days": 7})
    assert len(desk.call("GET", f"/messages?{DISPATCH}").json()["messages"]) == 1
    desk.advance(7 * 86_400)
    assert desk.call("GET", f"/messages?{DISPATCH}").json()["messages"] == []


def test_it_needs_no_source_in_conversation_mode(desk: Desk) -> None:
    desk.sim("settings", {"mode": "CONVERSATION"})
    sent = desk.send(cart())
    listed = desk.call("GET", "/messages").json()["messages"]
    assert [message["id"] for message in listed] == [sent]
    assert listed[0]["contact_id"]
    assert desk.call("GET", f"/messages?{DISPATCH}&contact_id=01X").status_code == 400


def test_it_fetches_the_last_message_of_each_address(keeping_desk: Desk) -> None:
    keeping_desk.send(cart(), ALICE)
    last = {keeping_desk.send(cart(), ALICE), keeping_desk.send(cart(), BOB)}
    identities = [{"channel": "WHATSAPP", "identity": number} for number in (ALICE, BOB)]
    asked = {"channel_identities": identities, "messages_source": "DISPATCH_SOURCE"}
    answer = keeping_desk.call("POST", "/messages:fetch-last-message", asked).json()
    assert {message["id"] for message in answer["messages"]} == last
    assert keeping_desk.call("POST", "/messages:fetch-last-message", {}).status_code == 400


def hook(desk: Desk, **changes: Any) -> dict[str, Any]:
    usual = {"target_type": "HTTP", "secret": "s", "triggers": ["MESSAGE_INBOUND"]}
    return {"app_id": desk.app["app_id"], "target": "https://shop.test/a", **usual, **changes}


def test_it_manages_webhooks(desk: Desk) -> None:
    made = desk.call("POST", "/webhooks", hook(desk)).json()
    assert desk.call("GET", f"/webhooks/{made['id']}").json() == made
    changed = desk.call("PATCH", f"/webhooks/{made['id']}", {"target": "https://shop.test/b"}).json()
    assert changed == {**made, "target": "https://shop.test/b"}
    assert desk.call("GET", f"/apps/{desk.app['app_id']}/webhooks").json() == {"webhooks": [changed]}
    assert desk.call("DELETE", f"/webhooks/{made['id']}").status_code == 200
    assert desk.call("GET", "/webhooks").json() == {"webhooks": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": "https://shop.test/taken"},
        {"triggers": ["UNSPECIFIED_TRIGGER"]},
        {"triggers": ["NO_SUCH"]},
        {"triggers": []},
        {"target": "ftp://shop.test"},
        {"target": "http://["},
        {"target": "https://conversation-api.eu.sinch.com/x"},
        {"target": f"https://shop.test/{'x' * 742}"},
        {"target_type": "CARRIER_PIGEON"},
    ],
    ids=["duplicate", "unspecified", "unknown", "none", "scheme", "broken", "sinch", "long", "type"],
)
def test_it_refuses_a_webhook(desk: Desk, wrong: dict[str, Any]) -> None:
    desk.call("POST", "/webhooks", hook(desk, target="https://shop.test/taken"))
    answer = desk.call("POST", "/webhooks", hook(desk, **wrong))
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_it_refuses_a_sixth_webhook(desk: Desk) -> None:
    answers = [desk.call("POST", "/webhooks", hook(desk, target=f"https://shop.test/{i}")) for i in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [400]


def test_it_answers_501_where_webhooks_are_not_made(desk: Desk) -> None:
    answer = desk.call("POST", f"/apps/{desk.app['app_id']}/webhooks", hook(desk))
    assert (answer.status_code, answer.json()["error"]["status"]) == (501, "UNIMPLEMENTED")


def test_it_shows_the_app_and_changes_its_retention(desk: Desk) -> None:
    path = f"/apps/{desk.app['app_id']}"
    shown = desk.call("GET", path).json()
    assert (shown["processing_mode"], shown["dispatch_retention_policy"]["ttl_days"]) == ("DISPATCH", 0)
    assert shown["queue_stats"]["outbound_limit"] == 500_000
    patched = desk.call("PATCH", path, {"dispatch_retention_policy": {"ttl_days": 7}}).json()
    assert patched["dispatch_retention_policy"]["ttl_days"] == 7
    assert desk.call("PATCH", path, {"dispatch_retention_policy": {"ttl_days": 8}}).status_code == 400
    assert desk.call("GET", "/apps").json()["apps"][0]["id"] == desk.app["app_id"]

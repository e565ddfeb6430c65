"""messages:send, first stage: what is refused at once, and how the road there can break (sinch.md 2.3 to 2.5)."""

from typing import Any

import pytest
import requests

from tests.simulator.desk import ALICE, BOB, Desk, cart, text
from tests.simulator.shop import Shop

SEND = "/messages:send"


def test_it_accepts_with_a_ulid_and_a_time(desk: Desk) -> None:
    answer = desk.call("POST", SEND, desk.sending(cart()))
    assert answer.status_code == 200
    told = answer.json()
    assert len(told["message_id"]) == 26
    assert told["accepted_time"].endswith("Z")


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("app_id", {"app_id": None}),
    ("app_id", {"app_id": "no-ulid"}),
    ("recipient", {"recipient": {}}),
    ("recipient.identified_by", {"recipient": {"contact_id": "01X"}}),
    ("message", {"message": {}}),
    ("message", {"message": {**text(), **cart()}}),
    ("message.text_message.text", {"message": {"text_message": {}}}),
    ("message.template_message", {"message": {"template_message": {}}}),
    ("queue", {"queue": "VERY_HIGH"}),
    ("ttl", {"ttl": 60}),
    ("ttl", {"ttl": "2s"}),
    ("message_metadata", {"message_metadata": "x" * 1025}),
    ("correlation_id", {"correlation_id": "x" * 129}),
    ("conversation_metadata", {"conversation_metadata": {"long": "x" * 2048}}),
]


@pytest.mark.parametrize(("field", "wrong"), WRONG, ids=[f"{field}-{i}" for i, (field, _) in enumerate(WRONG)])
def test_it_names_the_wrong_field(desk: Desk, field: str, wrong: dict[str, Any]) -> None:
    answer = desk.call("POST", SEND, {**desk.sending(text()), **wrong})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["details"][0]["field_violations"][0]["field"] == field


def test_it_names_a_missing_field(desk: Desk) -> None:
    body = desk.sending(text())
    del body["app_id"]
    error = desk.call("POST", SEND, body).json()["error"]
    assert error["details"][0]["field_violations"][0]["field"] == "app_id"


def test_it_refuses_malformed_json(desk: Desk) -> None:
    answer = desk.call("POST", SEND, None, data=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_it_refuses_a_body_without_content_type(desk: Desk) -> None:
    assert desk.call("POST", SEND, None, data=b"{}").status_code == 400


def test_it_can_refuse_flat(desk: Desk) -> None:
    desk.sim("settings", {"error_shape": "flat"})
    assert desk.call("POST", SEND, {}).json()["code"] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("GET", "/apps/01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("POST", "/no/such/path"),
        ("GET", "/webhooks/01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("GET", "/apps/01ARZ3NDEKTSV4RRFFQ69G5FAV/consents/identities/421900000001"),
    ],
)
def test_it_does_not_find_what_is_not_there(desk: Desk, method: str, path: str) -> None:
    answer = desk.call(method, path, {} if method == "POST" else None)
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_it_does_not_find_an_app_of_someone_else(desk: Desk) -> None:
    body = {**desk.sending(text()), "app_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}
    assert desk.call("POST", SEND, body).status_code == 404


def test_it_does_not_find_an_app_in_another_region(desk: Desk) -> None:
    answer = desk.call("POST", SEND, desk.sending(cart()), headers={"host": "us.conversation.api.sinch.com"})
    assert answer.status_code == 404


@pytest.mark.parametrize(("says_when", "expected"), [(True, "1"), (False, None)])
def test_it_throttles_over_the_project_rate(desk: Desk, expected: str | None, says_when: bool) -> None:
    desk.token()
    desk.sim("settings", {"requests_per_second": 2, "retry_after": says_when})
    desk.sim("clock", {"speed": 0.001})
    answers = [desk.call("GET", "/messages") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert answers[-1].headers.get("retry-after") == expected


def test_it_throttles_when_the_queue_is_full(desk: Desk) -> None:
    desk.sim("settings", {"queue_ceiling": 2, "drain_per_second": 0.01})
    answers = [desk.call("POST", SEND, desk.sending(cart())) for _ in range(5)]
    assert answers[-1].status_code == 429


@pytest.mark.parametrize("status", [500, 501, 503])
def test_it_breaks_on_order(desk: Desk, status: int) -> None:
    desk.sim("faults", {"kind": "status", "status": status, "endpoint": "conversation.send", "number": BOB})
    assert desk.send(cart(), ALICE)
    answer = desk.call("POST", SEND, desk.sending(cart(), BOB))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)
    assert desk.send(cart(), BOB)


def test_it_breaks_now_and_then(desk: Desk) -> None:
    fault = {"kind": "status", "status": 500, "endpoint": "conversation.send", "percent": 50, "times": 0}
    desk.sim("faults", fault)
    statuses = {desk.call("POST", SEND, desk.sending(cart())).status_code for _ in range(30)}
    assert statuses == {200, 500}


def test_it_answers_html_from_a_proxy(desk: Desk) -> None:
    desk.sim("faults", {"kind": "html502", "endpoint": "conversation.send"})
    answer = desk.call("POST", SEND, desk.sending(cart()))
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")


def test_it_cuts_the_line_before_accepting(desk: Desk) -> None:
    desk.sim("faults", {"kind": "cut", "endpoint": "conversation.send"})
    with pytest.raises(requests.ConnectionError):
        desk.call("POST", SEND, desk.sending(cart(), message_metadata="m"))
    assert desk.sim("journal/counts")["counts"] == {}


def test_it_answers_slowly(desk: Desk) -> None:
    desk.sim("faults", {"kind": "slow", "endpoint": "conversation.send", "seconds": 0.3})
    assert desk.call("POST", SEND, desk.sending(cart())).elapsed.total_seconds() >= 0.3


def test_it_accepts_and_loses_the_answer(desk: Desk, shop: Shop) -> None:
    desk.sim("faults", {"kind": "accept_then_timeout", "endpoint": "conversation.send", "seconds": 0.1})
    with pytest.raises(requests.ConnectionError):
        desk.call("POST", SEND, desk.sending(cart(), message_metadata="m"))
    assert desk.sim("journal/counts")["counts"] == {"m": 1}
    assert shop.next().report()["metadata"] == "m"


def test_it_accepts_and_a_proxy_s_page_answers(desk: Desk, shop: Shop) -> None:
    desk.sim("faults", {"kind": "accept_then_html503", "endpoint": "conversation.send"})
    answer = desk.call("POST", SEND, desk.sending(cart(), message_metadata="m"))
    assert (answer.status_code, "<h1>503 Service Unavailable</h1>" in answer.text) == (503, True)
    assert desk.sim("journal/counts")["counts"] == {"m": 1}
    assert shop.next().report()["metadata"] == "m"


def test_it_reports_keys_that_no_document_names(desk: Desk) -> None:
    desk.send({"text_message": {"text": "x", "colour": "blue"}}, shade="dark")
    entry = desk.sim("journal?name=conversation.send")["entries"][-1]
    assert sorted(entry["unknown_keys"]) == ["message.text_message.colour", "shade"]

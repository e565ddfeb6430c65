"""The legacy API's endpoints: auth, validation, consent, capability (sinch.md 1.1 to 1.6)."""

from typing import Any

import pytest

from tests.simulator.desk import ALICE, BOB, Desk, cart_legacy

TEXT = {"type": "text", "text": "ahoj"}
TWENTY_ONE = [f"4219000000{i:02}" for i in range(21)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"headers": {"authorization": "Bearer not-the-token"}},
        {"headers": {"authorization": ""}},
        {"bot": "another-bot"},
        {"headers": {"host": "us1.whatsapp.api.sinch.com"}},
    ],
    ids=["token", "no header", "bot", "region"],
)
def test_it_answers_401_alike_for_token_bot_and_region(desk: Desk, wrong: dict[str, Any]) -> None:
    answer = desk.call_legacy("POST", "/messages", {"to": [ALICE], "message": TEXT}, **wrong)
    assert answer.status_code == 401
    assert answer.json() == {"message": "401", "reason": "Unauthorized bot", "details": "Unauthorized bot"}


def test_it_accepts_the_right_region_by_host(desk: Desk) -> None:
    answer = desk.call_legacy("GET", "/provision/blacklist", headers={"host": "eu1.whatsapp.api.sinch.com"})
    assert answer.status_code == 200


def test_it_queues_one_status_per_recipient_with_a_plus(desk: Desk) -> None:
    sent = desk.send_legacy(TEXT, *TWENTY_ONE[:20])
    assert [status["recipient"] for status in sent] == [f"+{number}" for number in TWENTY_ONE[:20]]
    assert {(status["status"], status["state"]) for status in sent} == {("success", "queued")}
    assert {len(status["message_id"]) for status in sent} == {26}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"to": [], "message": TEXT}, "Field [to] can not be empty."),
        ({"message": TEXT}, "Field [to] can not be empty."),
        ({"to": [ALICE]}, "Field [message] can not be empty."),
        ({"to": [ALICE], "message": {"type": "text"}}, "Field [text] can not be empty."),
        ({"to": [ALICE], "message": {"type": "template", "template_name": "x"}}, "Field [media] can not be empty."),
        ({"to": [ALICE], "message": {"type": "image"}}, "Field [url] can not be empty."),
    ],
)
def test_it_names_the_empty_field(desk: Desk, body: dict[str, Any], reason: str) -> None:
    answer = desk.call_legacy("POST", "/messages", body)
    assert answer.status_code == 400
    assert answer.json() == {"message": "Validation error", "reason": reason, "details": reason}


@pytest.mark.parametrize(
    "body",
    [
        {"to": TWENTY_ONE, "message": TEXT},
        {"to": [ALICE], "message": {"type": "text", "text": "x" * 4097}},
        {"to": [ALICE], "message": {"type": "hologram"}},
        {"to": [ALICE], "message": {"type": "location", "lat": 91, "lng": 0}},
        {"to": ALICE, "message": TEXT},
    ],
    ids=["21 recipients", "long text", "unknown type", "no such place", "to is no list"],
)
def test_it_refuses_bodies_out_of_bounds(desk: Desk, body: dict[str, Any]) -> None:
    answer = desk.call_legacy("POST", "/messages", body)
    assert answer.status_code == 400
    assert answer.json()["message"] == "Validation error"


def test_it_refuses_malformed_json(desk: Desk) -> None:
    answer = desk.call_legacy("POST", "/messages", None, data=b'{"to": [')
    assert answer.status_code == 400
    assert "Malformed JSON" in answer.json()["reason"]


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/provision/optin", "POST"),
        ("/provision/optin", "DELETE"),
        ("/provision/blacklist", "POST"),
        ("/provision/blacklist", "DELETE"),
        ("/capability", "GET"),
        ("/capability", "POST"),
    ],
)
@pytest.mark.parametrize("numbers", [[], TWENTY_ONE])
def test_it_refuses_none_or_more_than_20_numbers(desk: Desk, path: str, method: str, numbers: list[str]) -> None:
    assert desk.call_legacy(method, path, {"numbers": numbers}).status_code == 400


@pytest.mark.parametrize(("shape", "keys"), [("reason", {"message", "reason"}), ("details", {"message", "details"})])
def test_it_can_refuse_in_either_documented_shape(desk: Desk, shape: str, keys: set[str]) -> None:
    desk.sim("settings", {"legacy_errors": shape})
    assert set(desk.call_legacy("POST", "/messages", {}).json()) == keys


def test_it_remembers_opt_in_and_opt_out(desk: Desk) -> None:
    for _ in range(2):
        answer = desk.call_legacy("POST", "/provision/optin", {"numbers": [f"+{ALICE}", BOB]})
        assert (answer.status_code, answer.content) == (200, b"")
    assert desk.sim("optins") == {"opted_in": [ALICE, BOB]}
    assert desk.call_legacy("DELETE", "/provision/optin", {"numbers": [BOB]}).status_code == 200
    assert desk.sim("optins") == {"opted_in": [ALICE]}


def test_it_tells_capability_with_a_body_on_get(desk: Desk) -> None:
    desk.sim(f"handsets/{BOB}", {"on_whatsapp": False})
    asked = {"numbers": [ALICE, BOB]}
    always = [{"msisdn": ALICE, "capable": True}, {"msisdn": BOB, "capable": True}]
    assert desk.call_legacy("GET", "/capability", asked).json() == {"capabilities": always}
    desk.sim("settings", {"capable": "known"})
    known = desk.call_legacy("POST", "/capability", asked).json()["capabilities"]
    assert [it["capable"] for it in known] == [True, False]


def test_it_answers_500_not_429_over_the_capability_rate(desk: Desk) -> None:
    desk.sim("settings", {"capability_per_second": 2})
    desk.sim("clock", {"speed": 0.001})
    answers = [desk.call_legacy("POST", "/capability", {"numbers": [ALICE]}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 500]
    assert answers[2].json()["reason"] == "Request could not be processed"


def test_it_pages_the_blacklist_and_silences_its_numbers(desk: Desk) -> None:
    numbers = [f"4219001{i:05}" for i in range(105)]
    for start in range(0, 105, 20):
        desk.call_legacy("POST", "/provision/blacklist", {"numbers": numbers[start : start + 20]})
    pages = [desk.call_legacy("GET", f"/provision/blacklist?page={page}").json()["numbers"] for page in range(3)]
    assert [len(page) for page in pages] == [100, 5, 0]
    assert desk.call_legacy("DELETE", "/provision/blacklist", {"numbers": numbers[:1]}).status_code == 200


def test_it_takes_read_receipts(desk: Desk) -> None:
    assert desk.call_legacy("POST", "/events", {"type": "read", "message_id": "01X"}).status_code == 201
    assert desk.call_legacy("POST", "/events", {"type": "typing"}).status_code == 400


def test_it_is_out_on_order(desk: Desk) -> None:
    desk.sim("faults", {"kind": "status", "status": 503, "endpoint": "legacy.messages", "times": 1})
    answer = desk.call_legacy("POST", "/messages", {"to": [ALICE], "message": TEXT})
    assert answer.status_code == 503
    assert answer.json()["reason"] == "Internal service not available, request could not be handled"
    assert desk.send_legacy(TEXT)


def test_it_reports_keys_that_no_document_names(desk: Desk) -> None:
    desk.send_legacy(cart_legacy(params=["old"]), ALICE, colour="blue")
    entry = desk.sim("journal?kind=request")["entries"][-1]
    assert sorted(entry["unknown_keys"]) == ["colour", "message.params"]

"""Opt-ins by the Conversation API as it was until 2021, and what an opt-in is worth (sinch.md 2.9)."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator.desk import ALICE, BOB, Desk, cart
from tests.simulator.shop import Shop, open_shop
from tests.simulator.test_conversation_callbacks import is_signed_with


@pytest.fixture
def ear(desk: Desk) -> Iterator[Shop]:
    """Hears of opt-ins and opt-outs only."""
    with open_shop() as shop:
        desk.sim("webhooks", {"url": f"{shop.url}/optins", "triggers": ["OPT_IN", "OPT_OUT"]})
        yield shop


def registration(desk: Desk, number: str = ALICE, *channels: str, of: str = "WHATSAPP") -> dict[str, Any]:
    recipient = {"identified_by": {"channel_identities": [{"channel": of, "identity": number}]}}
    return {"app_id": desk.app["app_id"], "channels": list(channels or ("WHATSAPP",)), "recipient": recipient}


def register(desk: Desk, way: str, body: dict[str, Any], query: str = "") -> Any:
    answer = desk.call("POST", f"/{way}:register{query}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(("way", "key", "trigger"), [("optins", "opt_in", "OPT_IN"), ("optouts", "opt_out", "OPT_OUT")])
def test_it_answers_with_the_registration_and_tells_the_result_later(
    desk: Desk, ear: Shop, way: str, key: str, trigger: str
) -> None:
    body = registration(desk, f"+{ALICE}")
    told = register(desk, way, body)
    assert told[key] == body
    heard = ear.next()
    assert heard.body[f"{key}_notification"] == {
        "request_id": told["request_id"],
        "contact_id": "",
        "channel": "WHATSAPP",
        "identity": ALICE,
        "status": f"{trigger}_SUCCEEDED",
        "processing_mode": "DISPATCH",
    }
    assert is_signed_with(desk.app["webhook_secret"], heard)


def test_an_opt_in_is_one_whichever_api_took_it(desk: Desk, ear: Shop) -> None:
    desk.call_legacy("POST", "/provision/optin", {"numbers": [BOB]})
    register(desk, "optins", registration(desk))
    ear.next()
    assert desk.sim("optins") == {"opted_in": [BOB, ALICE]}
    register(desk, "optouts", registration(desk, BOB))
    ear.next()
    assert desk.sim("optins") == {"opted_in": [ALICE]}


def test_it_does_it_later_not_at_once(desk: Desk, ear: Shop) -> None:
    desk.sim("clock", {"speed": 0.0001, "delays": 1})
    register(desk, "optins", registration(desk))
    assert desk.sim("optins") == {"opted_in": []}
    desk.advance(1)
    assert ear.next().body["opt_in_notification"]["status"] == "OPT_IN_SUCCEEDED"
    assert desk.sim("optins") == {"opted_in": [ALICE]}


def test_it_takes_the_callers_request_id_but_not_as_a_key(desk: Desk, ear: Shop) -> None:
    for _ in range(2):
        assert register(desk, "optins", registration(desk), "?request_id=r-1")["request_id"] == "r-1"
    assert [it.body["opt_in_notification"]["request_id"] for it in ear.take(2)] == ["r-1", "r-1"]


NOTHING = [
    (("12", "WHATSAPP"), "WHATSAPP", "OPT_IN_FAILED", "12 is no number."),
    ((ALICE, "SMS"), "WHATSAPP", "OPT_IN_FAILED", "The recipient has no WHATSAPP identity."),
    ((ALICE, "SMS"), "SMS", "OPT_IN_STATUS_UNSPECIFIED", None),
]


@pytest.mark.parametrize(("address", "channel", "status", "sentence"), NOTHING, ids=["number", "identity", "channel"])
def test_it_tells_of_an_opt_in_that_came_to_nothing(
    desk: Desk, ear: Shop, address: tuple[str, str], channel: str, status: str, sentence: str | None
) -> None:
    register(desk, "optins", registration(desk, address[0], channel, of=address[1]))
    told = ear.next().body["opt_in_notification"]
    assert (told["channel"], told["status"]) == (channel, status)
    assert told.get("error_details") == (None if sentence is None else {"description": sentence})
    assert desk.sim("optins") == {"opted_in": []}


def test_it_tells_one_result_for_each_channel(desk: Desk, ear: Shop) -> None:
    register(desk, "optins", registration(desk, ALICE, "WHATSAPP", "SMS"))
    told = [heard.body["opt_in_notification"] for heard in ear.take(2)]
    assert {it["channel"]: it["status"] for it in told} == {"WHATSAPP": "OPT_IN_SUCCEEDED", "SMS": "OPT_IN_FAILED"}


def test_it_makes_a_contact_in_conversation_mode_and_finds_it_again(desk: Desk, ear: Shop) -> None:
    desk.sim("settings", {"mode": "CONVERSATION"})
    register(desk, "optins", registration(desk))
    contact_id = ear.next().body["opt_in_notification"]["contact_id"]
    assert contact_id
    register(desk, "optouts", {**registration(desk), "recipient": {"contact_id": contact_id}})
    told = ear.next().body["opt_out_notification"]
    assert (told["contact_id"], told["identity"], told["status"]) == (contact_id, ALICE, "OPT_OUT_SUCCEEDED")


def test_todays_api_has_no_such_endpoints(desk: Desk) -> None:
    desk.sim("settings", {"register_opt_ins": False})
    for way in ("optins", "optouts"):
        answer = desk.call("POST", f"/{way}:register", registration(desk))
        assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"app_id": "short"}, 400, "app_id"),
        ({"app_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, 404, ""),
        ({"channels": []}, 400, "channels"),
        ({"channels": ["CARRIER_PIGEON"]}, 400, "channels[0]"),
        ({"recipient": {}}, 400, "recipient"),
        ({"recipient": {"contact_id": "01X"}}, 400, "recipient.identified_by"),
    ],
)
@pytest.mark.parametrize("way", ["optins", "optouts"])
def test_it_says_what_is_wrong(desk: Desk, way: str, wrong: dict[str, Any], status: int, field: str) -> None:
    answer = desk.call("POST", f"/{way}:register", {**registration(desk), **wrong})
    assert answer.status_code == status
    details = answer.json()["error"]["details"]
    assert [it["field"] for detail in details for it in detail["field_violations"]] == ([field] if field else [])


def test_it_journals_whom_it_was_about_and_what_no_document_names(desk: Desk, ear: Shop) -> None:
    register(desk, "optins", {**registration(desk), "colour": "blue"})
    assert ear.next().body["opt_in_notification"]
    told_by = time.monotonic() + 10.0
    while len(entries := desk.sim(f"journal?number={ALICE}")["entries"]) < 2 and time.monotonic() < told_by:
        time.sleep(0.05)  # a callback is journalled after its answer
    asked, told = entries
    assert (asked["name"], asked["outcome"], asked["unknown_keys"]) == ("conversation.optins", "accepted", ["colour"])
    assert (told["kind"], told["name"]) == ("callback", "OPT_IN")


def test_a_send_needs_the_opt_in_under_the_old_rule(desk: Desk, ear: Shop, shop: Shop) -> None:
    desk.sim("settings", {"no_opt_in": True})
    assert shop.final_report_of(desk.send(cart()))["reason"]["code"] == "RECIPIENT_NOT_OPTED_IN"
    register(desk, "optins", registration(desk))
    assert ear.next().body["opt_in_notification"]["status"] == "OPT_IN_SUCCEEDED"
    assert shop.report_of(desk.send(cart()), "DELIVERED")

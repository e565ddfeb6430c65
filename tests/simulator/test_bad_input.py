"""Whatever bytes come, the answer is a refusal in the API's own words, never a 500."""

import json
from typing import Any

import pytest

from tests.simulator.desk import ALICE, Desk, cart
from tests.simulator.provisioning import template

ODD = [
    b"",
    b"\xff\xfe",
    b"null",
    b"[]",
    b'"words"',
    b"{",
    b"[" * 5_000,
    b'{"to": {"a": 1}, "numbers": [null], "message": 7, "recipient": [], "app_id": {}}',
    b'{"numbers": [1e400]}',
    b'{"recipient": {"identified_by": {"channel_identities": [{"channel": "WHATSAPP", "identity": "\\ud800"}]}}}',
]
LEGACY = [
    ("POST", "/messages"),
    ("POST", "/provision/optin"),
    ("DELETE", "/provision/optin"),
    ("POST", "/capability"),
    ("POST", "/provision/blacklist"),
    ("POST", "/events"),
]
CONVERSATION = [("POST", "/messages:send"), ("POST", "/messages:fetch-last-message"), ("POST", "/webhooks")]
PROVISIONING = [
    ("POST", "/whatsapp/templates"),
    ("PATCH", "/whatsapp/templates/abandoned_cart/languages/EN"),
    ("POST", "/webhooks"),
]
CONTROL = [
    f"handsets/{ALICE}/messages", "faults", "settings", "clock", "templates", "templates/abandoned_cart/en", "webhooks",
    "legacy", "consents", "sender", "account",
]  # fmt: skip
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_the_legacy_api_refuses_odd_bytes(desk: Desk, body: bytes) -> None:
    desk.sim("settings", {"capability_per_second": 0})
    statuses = {path: desk.call_legacy(method, path, data=body, headers=JSON).status_code for method, path in LEGACY}
    assert set(statuses.values()) == {400}, statuses


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_the_conversation_api_refuses_odd_bytes(desk: Desk, body: bytes) -> None:
    statuses = {path: desk.call(method, path, data=body, headers=JSON).status_code for method, path in CONVERSATION}
    assert set(statuses.values()) == {400}, statuses
    assert desk.call("PATCH", f"/apps/{desk.app['app_id']}", data=body, headers=JSON).status_code < 500


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_the_provisioning_api_refuses_odd_bytes(desk: Desk, body: bytes) -> None:
    answers = [desk.provision(method, path, data=body, headers=JSON) for method, path in PROVISIONING]
    told = {path: answer.status_code for (_, path), answer in zip(PROVISIONING, answers, strict=True)}
    assert told.pop("/whatsapp/templates/abandoned_cart/languages/EN") in {200, 400}  # nothing is asked of a change
    assert set(told.values()) == {400}, told


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_the_control_api_never_breaks(desk: Desk, body: bytes) -> None:
    statuses = {path: desk.http.post(f"{desk.url}/_sim/{path}", data=body, timeout=5).status_code for path in CONTROL}
    assert set(statuses.values()) <= {200, 400}, statuses


def test_a_key_that_nobody_asked_for_may_hold_no_odd_number(desk: Desk) -> None:
    address = {"identified_by": {"channel_identities": [{"channel": "WHATSAPP", "identity": ALICE}]}}
    opt_in = {"app_id": desk.app["app_id"], "channels": ["WHATSAPP"], "recipient": address}
    answers = [
        desk.call_legacy("POST", "/messages", data=odd({"to": [ALICE], "message": {"type": "text", "text": "x"}})),
        desk.call_legacy("POST", "/provision/optin", data=odd({"numbers": [ALICE]})),
        desk.call("POST", "/messages:send", data=odd(desk.sending(cart())), headers=JSON),
        desk.call("POST", "/optins:register", data=odd(opt_in), headers=JSON),
        desk.provision("POST", "/whatsapp/templates", data=odd(template()), headers=JSON),
        desk.provision("POST", "/webhooks", data=odd({"target": "https://x.test", "triggers": ["ALL"]}), headers=JSON),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)


def odd(body: dict[str, Any]) -> bytes:
    return json.dumps(body)[:-1].encode() + b', "colour": 1e400}'


@pytest.mark.parametrize(
    "odd",
    ["Basic", "Basic ====", "Bearer", "Bearer ..", "Bearer \xe9", "", "Digest x"],
)
def test_odd_credentials_are_401(desk: Desk, odd: str) -> None:
    headers = {"authorization": odd.encode("latin-1")}
    for url in ("oauth2/token", f"v1/projects/{desk.app['project_id']}/messages:send", "whatsapp/v1/x/messages"):
        assert desk.http.post(f"{desk.url}/{url}", headers=headers, json={}, timeout=5).status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "page_size=0",
        "page_size=x",
        "page_token=%ff",
        "page_token=YQ",
        "start_time=yesterday",
    ],
)
def test_odd_queries_are_400(desk: Desk, query: str) -> None:
    desk.sim("settings", {"mode": "CONVERSATION"})
    desk.send(cart())
    assert desk.call("GET", f"/messages?{query}").status_code == 400


def test_an_unknown_path_of_the_control_api_is_not_there(desk: Desk) -> None:
    for answer in (desk.sim_raw("weather"), desk.sim_raw("journal", {}, "PUT")):
        assert (answer.status_code, answer.json()) == (404, {"error": "There is nothing here"})


def test_a_name_with_odd_letters_passes_unharmed(desk: Desk) -> None:
    odd: dict[str, Any] = {"type": "text", "text": "<script>\"'\\ \u202e \U0001f44b", "profile_name": 'Ž"{{1}}'}
    desk.write(odd)
    assert desk.thread()[0]["text"] == odd["text"]

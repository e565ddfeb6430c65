"""The OAuth2 endpoint, its tokens, and who gets in with them (sinch.md 2.2, 2.3)."""

import base64
import json
from typing import Any

import pytest

from tests.simulator.desk import Desk, cart

MESSAGES = "/messages"


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def test_it_gives_a_readable_token_with_an_end(desk: Desk) -> None:
    answer = desk.ask_token()
    told = answer.json()
    assert (answer.status_code, told["expires_in"], told["scope"], told["token_type"]) == (200, 3599, "", "bearer")
    found = claims(told["access_token"])
    assert found["exp"] - found["iat"] == 3599
    assert found["sub"] == desk.app["key_id"]


def test_it_refuses_a_wrong_key(desk: Desk) -> None:
    answer = desk.ask_token(auth=(desk.app["key_id"], "wrong"))
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.json()["error_description"]


def test_it_throttles_a_token_storm_without_saying_until_when(desk: Desk) -> None:
    desk.sim("clock", {"speed": 0.001})
    answers = [desk.ask_token() for _ in range(31)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert "retry-after" not in answers[-1].headers
    desk.advance(0.2)
    assert desk.ask_token().status_code == 200


def test_it_says_when_a_token_expired(desk: Desk) -> None:
    desk.sim("settings", {"token_seconds": 60})
    old = {"authorization": f"Bearer {desk.token()}"}
    assert desk.call("GET", MESSAGES, headers=old).status_code == 200
    desk.advance(61)
    answer = desk.call("GET", MESSAGES, headers=old)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith(
        'Bearer error="invalid_token", error_description="Jwt expired at '
    )
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"


def test_it_says_nothing_of_expiry_when_a_token_was_revoked(desk: Desk) -> None:
    desk.sim("faults", {"kind": "token_revoked", "endpoint": "conversation.*"})
    answer = desk.call("GET", MESSAGES)
    assert answer.status_code == 401
    assert "www-authenticate" not in answer.headers
    assert "expired" not in answer.text


@pytest.mark.parametrize("token", ["", "home.made.jwt", "x"])
def test_it_refuses_home_made_tokens(desk: Desk, token: str) -> None:
    answer = desk.call("GET", MESSAGES, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"


def test_it_lets_basic_in_at_a_trial_rate(desk: Desk) -> None:
    desk.sim("clock", {"speed": 0.001})
    key = base64.b64encode(f"{desk.app['key_id']}:{desk.app['key_secret']}".encode()).decode()
    basic = {"headers": {"authorization": f"Basic {key}"}}
    statuses = [desk.call("GET", MESSAGES, **basic).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]


def test_it_forbids_a_foreign_project(desk: Desk) -> None:
    answer = desk.call("GET", MESSAGES, project="someone-elses")
    assert answer.status_code == 403
    assert answer.json()["error"]["status"] == "PERMISSION_DENIED"
    desk.sim("settings", {"forbidden_status": "UNAUTHORIZED"})
    assert desk.call("GET", MESSAGES, project="someone-elses").json()["error"]["status"] == "UNAUTHORIZED"


def test_it_stops_a_project_at_its_credit_limit(desk: Desk) -> None:
    desk.sim("faults", {"kind": "billing", "endpoint": "conversation.send", "times": 0})
    for _ in range(2):
        answer = desk.call("POST", "/messages:send", desk.sending(cart()))
        assert answer.status_code == 403
        assert answer.json()["error"]["message"] == "BILLING_CREDIT_LIMIT_BREACHED"

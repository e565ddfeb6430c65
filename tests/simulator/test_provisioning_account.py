"""Who gets into the Provisioning API; the account and its sender, their quality and tier (sinch.md 3.1, 3.3)."""

import base64
from typing import Any

import pytest

from tests.simulator.desk import ALICE, BOB, Desk, cart, cart_legacy, text
from tests.simulator.provisioning import TEMPLATES, approved, ear, error_of
from tests.simulator.shop import Shop, open_shop

SENDERS = "/whatsapp/senders"
CAROL = "421900000003"


def basic(desk: Desk, secret: str = "") -> dict[str, str]:
    pair = f"{desk.app['key_id']}:{secret or desk.app['key_secret']}"
    return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def test_it_lets_in_by_token_and_by_key(desk: Desk) -> None:
    assert desk.provision("GET", TEMPLATES).status_code == 200
    assert desk.provision("GET", TEMPLATES, headers=basic(desk)).status_code == 200


def test_it_is_not_regional(desk: Desk) -> None:
    assert desk.provision("GET", TEMPLATES, headers={"host": "us.provisioning.api.sinch.com"}).status_code == 200


@pytest.mark.parametrize("scheme", ["", "Bearer home.made.jwt", "Bearer", "Digest x", "Basic ===="])
def test_it_refuses_odd_credentials(desk: Desk, scheme: str) -> None:
    answer = desk.provision("GET", TEMPLATES, headers={"authorization": scheme})
    assert error_of(answer) == (401, "unauthorized_error")


def test_it_refuses_a_wrong_secret_and_a_foreign_project_alike(desk: Desk) -> None:
    wrong = desk.provision("GET", TEMPLATES, headers=basic(desk, "wrong"))
    foreign = desk.provision("GET", TEMPLATES, project="someone-elses")
    assert error_of(wrong) == error_of(foreign) == (401, "unauthorized_error")


def test_it_says_when_a_token_expired(desk: Desk) -> None:
    old = {"authorization": f"Bearer {desk.token()}"}
    desk.advance(3600)
    answer = desk.provision("GET", TEMPLATES, headers=old)
    assert error_of(answer) == (401, "unauthorized_error")
    assert "Jwt expired at" in answer.headers["www-authenticate"]


def test_it_lets_a_key_in_at_a_trial_rate(desk: Desk) -> None:
    desk.sim("clock", {"speed": 0.0001})
    answers = [desk.provision("GET", TEMPLATES, headers=basic(desk)) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert error_of(answers[-1]) == (429, "too_many_requests")


FAULTS: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"kind": "status", "status": 500}, (500, "internal_error")),
    ({"kind": "status", "status": 503}, (503, "internal_error")),
    ({"kind": "throttle", "retry_after": 3}, (429, "too_many_requests")),
    ({"kind": "token_expired"}, (401, "unauthorized_error")),
    ({"kind": "token_revoked"}, (401, "unauthorized_error")),
    ({"kind": "billing"}, (403, "unauthorized_error")),
]


@pytest.mark.parametrize(("fault", "error"), FAULTS, ids=[fault["kind"] for fault, _ in FAULTS])
def test_it_is_in_trouble_on_order(desk: Desk, fault: dict[str, Any], error: tuple[int, str]) -> None:
    desk.sim("faults", {"endpoint": "provisioning.templates", **fault})
    answer = desk.provision("GET", TEMPLATES)
    assert error_of(answer) == error
    assert answer.headers.get("retry-after") == ("3" if fault["kind"] == "throttle" else None)
    assert ("www-authenticate" in answer.headers) == (fault["kind"] == "token_expired")
    assert desk.provision("GET", TEMPLATES).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/rcs"), ("POST", SENDERS), ("PUT", "/a/b"), ("DELETE", "/x")])
def test_it_says_what_it_does_not_speak(desk: Desk, method: str, path: str) -> None:
    assert error_of(desk.provision(method, path, {})) == (404, "not_found")
    outside = desk.http.request(method, f"{desk.url}/provisioning/v2{path}", timeout=5)
    assert error_of(outside) == (404, "not_found")


def test_it_shows_the_account(desk: Desk) -> None:
    account = desk.provision("GET", "/whatsapp").json()
    assert (account["state"], account["businessDailyLimit"]) == ("ONBOARDED", "TIER_UNLIMITED")
    assert account["wabaId"].isdecimal()
    assert account["compatibleRegions"] == ["eu"]


def test_it_shows_the_sender_with_the_whatsapp_apis_token(desk: Desk) -> None:
    listed = desk.provision("GET", SENDERS).json()
    assert (listed["totalSize"], listed["pageSize"]) == (1, 50)
    sender = listed["senders"][0]
    assert desk.provision("GET", f"{SENDERS}/{sender['id']}").json() == sender
    assert sender["bearerToken"] == desk.legacy["bearer_token"]
    assert (sender["countryCode"], sender["phoneNumber"]) == ("421", "900000999")
    assert (sender["state"], sender["qualityRating"], sender["dailyLimit"]) == ("ACTIVE", "GREEN", "TIER_UNLIMITED")
    assert (sender["maxTps"], sender["region"], sender["conversationApiApp"]) == (20, "EU", desk.app["app_id"])
    assert sender["conversationApiAppDetails"]["projectId"] == desk.app["project_id"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filterStates=ACTIVE", 1),
        ("filterStates=ACTIVE&filterStates=ERROR", 1),
        ("filterStates=SUSPENDED", 0),
        ("filterStatuses=DRAFT", 0),
    ],
)
def test_it_filters_senders(desk: Desk, query: str, found: int) -> None:
    assert len(desk.provision("GET", f"{SENDERS}?{query}").json()["senders"]) == found


@pytest.mark.parametrize(
    ("path", "error"),
    [
        (f"{SENDERS}?filterStates=HAPPY", (400, "invalid_filter_states")),
        (f"{SENDERS}?filterStatuses=ACTIVE", (400, "invalid_filter_statuses")),
        (f"{SENDERS}?pageSize=101", (400, "invalid_page_size")),
        (f"{SENDERS}/nobody", (404, "sender_not_found")),
    ],
)
def test_it_refuses_odd_questions(desk: Desk, path: str, error: tuple[int, str]) -> None:
    assert error_of(desk.provision("GET", path)) == error


def test_a_project_without_an_account_has_nothing(desk: Desk) -> None:
    with ear(desk) as heard:
        desk.sim("account", {"state": "REJECTED"})
        assert heard.next().body["type"] == "WHATSAPP_ACCOUNT_REJECTED"
        desk.sim("account", {"state": "PENDING_FACEBOOK_VERIFICATION"})
        assert heard.next().body["type"] == "WHATSAPP_ACCOUNT_PENDING_VERIFICATION"
        for path in (TEMPLATES, SENDERS):
            assert error_of(desk.provision("GET", path)) == (400, "project_not_initialized")
        assert desk.provision("GET", "/whatsapp").json()["changes"]["status"] == "PENDING_FACEBOOK_VERIFICATION"
        desk.sim("account", {"state": "ONBOARDED"})
        told = heard.next().body
    assert (told["type"], told["payload"]["state"]) == ("WHATSAPP_ACCOUNT_ONBOARDED", "ONBOARDED")
    assert desk.provision("GET", SENDERS).status_code == 200


def test_the_senders_quality_goes_down_in_both_apis(desk: Desk) -> None:
    with open_shop() as shop, ear(desk) as heard:
        desk.sim("webhooks", {"url": shop.url, "triggers": ["CHANNEL_EVENT"]})
        for quality in ("YELLOW", "RED"):
            assert desk.sim("sender", {"quality_rating": quality})["quality_rating"] == quality
            desk.sim("sender", {"quality_rating": quality})  # no news
            told = heard.next().body
            assert told["type"] == "WHATSAPP_SENDER_QUALITY_RATING_CHANGED"
            assert told["payload"]["qualityRating"] == quality
            assert shop.next().body["channel_event_notification"] == {
                "channel_event": {
                    "channel": "WHATSAPP",
                    "event_type": "WHATS_APP_QUALITY_RATING_CHANGED",
                    "additional_data": {"quality_rating": quality},
                }
            }
        assert (heard.is_quiet(), shop.is_quiet()) == (True, True)
    assert desk.provision("GET", SENDERS).json()["senders"][0]["qualityRating"] == "RED"


def test_its_tier_changes_for_the_sender_and_the_account(desk: Desk) -> None:
    with ear(desk) as heard:
        desk.sim("sender", {"daily_limit": "TIER_250"})
        told = {it.body["type"]: it.body["payload"] for it in heard.take(2)}
    assert told["WHATSAPP_SENDER_DAILY_LIMIT_CHANGED"]["dailyLimit"] == "TIER_250"
    assert told["WHATSAPP_ACCOUNT_DAILY_LIMIT_CHANGED"]["businessDailyLimit"] == "TIER_250"


def test_a_tier_limits_whom_the_shop_writes_to_first(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"drain_per_second": 0, "callbacks_per_second": 0})
    desk.sim("sender", {"daily_limit": "TIER_50"})
    people = [f"4219000010{i:02}" for i in range(50)]
    for number in people:
        assert shop.report_of(desk.send(cart(), number), "DELIVERED")
    assert desk.sim("sender")["reached"] == 50
    assert shop.final_report_of(desk.send(cart(), ALICE))["reason"]["code"] == "RATE_LIMITED"
    legacy = desk.send_legacy(cart_legacy(), BOB)[0]
    assert "24 hours" in shop.status_of(legacy["message_id"], "failed")["details"]
    assert shop.report_of(desk.send(cart(), people[0]), "DELIVERED")  # is counted already
    desk.write({"type": "text", "text": "hi"}, CAROL)
    assert shop.report_of(desk.send(text(), CAROL), "DELIVERED")  # has written herself
    desk.advance(86_400)
    assert shop.report_of(desk.send(cart(), ALICE), "DELIVERED")
    assert desk.sim("sender")["reached"] == 1


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("sender", {"quality_rating": "PURPLE"}, "PURPLE"),
        ("sender", {"daily_limit": "TIER_3"}, "TIER_3"),
        ("sender", {"mood": "good"}, "mood"),
        ("account", {"state": "ASLEEP"}, "ASLEEP"),
        ("account", {}, "state"),
        ("templates", {"name": "x", "quality": "PINK"}, "PINK"),
    ],
)
def test_the_control_api_says_what_is_wrong(desk: Desk, path: str, body: dict[str, Any], word: str) -> None:
    answer = desk.sim_raw(path, body)
    assert (answer.status_code, word in answer.json()["error"]) == (400, True)


def test_a_clean_desk_has_a_good_sender_and_no_template_of_its_own(desk: Desk) -> None:
    approved(desk)
    desk.sim("sender", {"quality_rating": "RED", "daily_limit": "TIER_50"})
    desk.reset()
    assert desk.sim("sender")["quality_rating"] == "GREEN"
    assert desk.provision("GET", TEMPLATES).json()["templates"] == []
    assert desk.provision("GET", SENDERS).json()["senders"][0]["dailyLimit"] == "TIER_UNLIMITED"

"""Webhooks of the Provisioning API, and what they hear (sinch.md 3.4)."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from tests.simulator.desk import Desk
from tests.simulator.provisioning import SECRET, approved, create, decide, ear, error_of
from tests.simulator.shop import Heard, open_shop

HOOKS = "/webhooks"
NAME = "x-sinch-webhook-signature"


def hook(target: str = "https://shop.test/a", **more: Any) -> dict[str, Any]:
    return {"target": target, "secret": "hush", "triggers": ["WHATSAPP_TEMPLATE_APPROVED"], **more}


def made(desk: Desk, **more: Any) -> dict[str, Any]:
    answer = desk.provision("POST", HOOKS, hook(**more))
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def is_signed_with(secret: str, heard: Heard) -> bool:
    nonce, timestamp = (heard.headers[f"{NAME}-{part}"].encode() for part in ("nonce", "timestamp"))
    digest = hmac.new(secret.encode(), b".".join((heard.raw, nonce, timestamp)), hashlib.sha256).digest()
    return heard.headers[NAME] == base64.b64encode(digest).decode()


def test_it_manages_webhooks_apart_from_the_conversation_apis(desk: Desk) -> None:
    first = made(desk)
    assert first == {
        "id": first["id"],
        "projectId": desk.app["project_id"],
        "target": "https://shop.test/a",
        "triggers": ["WHATSAPP_TEMPLATE_APPROVED"],
    }
    path = f"{HOOKS}/{first['id']}"
    assert desk.provision("GET", path).json() == first
    patched = desk.provision("PATCH", path, {"triggers": ["ALL"]}).json()
    assert patched == {**first, "triggers": ["ALL"]}
    replaced = desk.provision("PUT", path, hook("https://shop.test/b")).json()
    assert replaced == {**first, "target": "https://shop.test/b"}
    assert desk.provision("GET", HOOKS).json() == {"totalSize": 1, "pageSize": 15, "webhooks": [replaced]}
    assert desk.call("GET", "/webhooks").json() == {"webhooks": []}
    assert (desk.provision("DELETE", path).status_code, desk.provision("DELETE", path).status_code) == (204, 404)


def test_it_takes_fifteen_with_a_target_each(desk: Desk) -> None:
    for i in range(15):
        made(desk, target=f"https://shop.test/{i:02}")
    taken, more = hook("https://shop.test/03"), hook("https://shop.test/15")
    assert error_of(desk.provision("POST", HOOKS, taken)) == (409, "webhook_exists")
    assert error_of(desk.provision("POST", HOOKS, more)) == (424, "webhook_limit_reached")
    listed = desk.provision("GET", f"{HOOKS}?pageSize=4").json()
    assert [it["target"][-2:] for it in listed["webhooks"]] == ["00", "01", "02", "03"]
    path = f"{HOOKS}/{listed['webhooks'][0]['id']}"
    assert error_of(desk.provision("PATCH", path, {"target": taken["target"]})) == (409, "webhook_exists")
    assert error_of(desk.provision("PUT", path, taken)) == (409, "webhook_exists")
    assert desk.provision("PUT", path, hook("https://shop.test/00", secret="new")).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"target": "shop.test"}, "target must be a URL address"),
        ({"target": "http://["}, "target must be a URL address"),
        ({"target": 7}, "target: "),
        ({"triggers": []}, "triggers must not be empty"),
        ({"triggers": ["ALL", "ALL"]}, "triggers must be unique"),
        ({"triggers": ["WHATSAPP_WEATHER"]}, "WHATSAPP_WEATHER"),
    ],
)
def test_it_says_what_is_wrong_with_a_webhook(desk: Desk, wrong: dict[str, Any], word: str) -> None:
    path = f"{HOOKS}/{made(desk)['id']}"
    for method, address in (("POST", HOOKS), ("PUT", path), ("PATCH", path)):
        answer = desk.provision(method, address, {**hook("https://shop.test/new"), **wrong})
        assert error_of(answer) == (400, "invalid_input")
        assert word in " ".join(answer.json()["additionalInformation"]["validationErrors"])


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("webhook_id", "error"), [("odd", (400, "invalid_id_format")), ("0" * 32, (404, "webhook_not_found"))]
)
def test_it_does_not_know_a_webhook(desk: Desk, method: str, webhook_id: str, error: tuple[int, str]) -> None:
    assert error_of(desk.provision(method, f"{HOOKS}/{webhook_id}", hook())) == error


def test_it_tells_who_listens_with_the_kind_in_the_body(desk: Desk) -> None:
    with ear(desk, "WHATSAPP_TEMPLATE_APPROVED") as some, ear(desk, "ALL") as everything:
        create(desk)
        decide(desk, "approve")
        decide(desk, "quality", quality="GREEN")
        assert {it.body["type"] for it in everything.take(2)} == {
            "WHATSAPP_TEMPLATE_APPROVED",
            "WHATSAPP_TEMPLATE_QUALITY_SCORE_UPDATED",
        }
        heard = some.next()
        assert set(heard.body) == {"type", "payload"}
        assert heard.body["payload"]["name"] == "reminder"
        assert some.is_quiet()


def test_it_signs_with_the_four_headers(desk: Desk) -> None:
    with ear(desk) as heard:
        approved(desk)
        signed = heard.next()
    assert is_signed_with(SECRET, signed)
    assert not is_signed_with("another", signed)
    assert signed.headers[f"{NAME}-algorithm"] == "HmacSHA256"


def test_it_does_not_sign_without_a_secret(desk: Desk) -> None:
    with open_shop() as shop:
        made(desk, target=shop.url, secret="")
        approved(desk)
        assert NAME not in shop.next().headers


def test_it_tries_again_like_the_other_apis(desk: Desk) -> None:
    with ear(desk) as heard:
        heard.answers = [500, 429]
        approved(desk)
        tries = heard.take(3)
    assert len({(it.raw, it.headers[NAME], it.headers[f"{NAME}-nonce"]) for it in tries}) == 1
    told = [it for it in desk.told_callbacks() if it["api"] == "provisioning"]
    assert [it["outcome"] for it in told] == ["retry", "retry", "delivered"]
    assert [it["attempt"] for it in told] == [0, 1, 2]


def test_it_drops_a_callback_for_good_on_other_4xx(desk: Desk) -> None:
    with ear(desk) as heard:
        heard.answers = [404]
        approved(desk)
        assert heard.next().body["type"] == "WHATSAPP_TEMPLATE_APPROVED"
        decide(desk, "disable")
        assert heard.next().body["type"] == "WHATSAPP_TEMPLATE_STATUS_UPDATED"
    assert "dropped" in [it["outcome"] for it in desk.told_callbacks()]


@pytest.mark.parametrize(("kind", "is_genuine"), [("duplicate", True), ("bad_signature", False)])
def test_its_callbacks_go_wrong_on_order(desk: Desk, kind: str, is_genuine: bool) -> None:
    desk.sim("faults", {"kind": kind, "endpoint": "callback.provisioning"})
    with ear(desk) as heard:
        approved(desk)
        assert is_signed_with(SECRET, heard.next()) == is_genuine
        if kind == "duplicate":
            assert heard.next().body["type"] == "WHATSAPP_TEMPLATE_APPROVED"


def test_the_journal_hides_their_secrets(desk: Desk) -> None:
    with ear(desk) as heard:
        desk.sim("sender", {"quality_rating": "YELLOW"})
        assert heard.next().body["payload"]["bearerToken"] == desk.legacy["bearer_token"]
        desk.provision("GET", "/whatsapp/senders")
        told = desk.sim_raw("journal").text
    assert "bearerToken" in told
    for secret in (SECRET, desk.legacy["bearer_token"]):
        assert secret not in told


def test_a_clean_desk_has_none(desk: Desk) -> None:
    made(desk)
    desk.reset()
    assert desk.provision("GET", HOOKS).json()["webhooks"] == []

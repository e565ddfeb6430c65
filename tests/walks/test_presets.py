"""A user's own presets, and the shipped ones filled in by hand: what they may send, and where to."""

from typing import Any

import msgspec
import pytest

from parley.domain.errors import InvalidInputError
from parley.domain.http import HttpResponse
from parley.presets import shipped
from tests.support.builders import Cast
from tests.walks.walk import Walk

OWN: dict[str, Any] = {
    "kind": "preset",
    "name": "crm",
    "title": "Note in the CRM",
    "purpose": "webhook",
    "method": "POST",
    "url": "https://crm.test/notes",
    "format": "json",
    "body": '{"who": "{{ customer.first_name }}", "project": "{{ project.name }}", "account": "[[ account ]]"}',
}


def _calls(preset: str, **parameters: Any) -> dict[str, Any]:
    call: dict[str, Any] = {"id": "call", "type": "call_preset", "preset": preset, "parameters": parameters}
    nodes = [{"id": "go", "type": "on_event", "event": "go", "next": "call"}, call]
    return {"kind": "scenario", "name": "calls", "settings": {"consent_category": "whatsapp"}, "nodes": nodes}


async def test_an_own_preset_is_called_with_what_it_asks(walk: Walk, people: Cast) -> None:
    await walk.apply(OWN, _calls("crm", account="ours"))
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    body = {"who": "Alice", "project": "Walked shop", "account": "ours"}
    assert msgspec.json.decode(walk.sinch.requests[-1].body) == body


async def test_an_own_preset_is_never_given_an_accounts_secret(walk: Walk, people: Cast) -> None:
    thief = {**OWN, "body": '{"t": "[[ bearer_token ]]"}'}
    scenario = _calls("crm")
    scenario["nodes"][1]["sender"] = "shop-whatsapp"
    await walk.apply(thief, scenario)
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    assert not any(b"token-1" in one.body for one in walk.sinch.requests if one.url.startswith("https://crm.test"))
    assert (await walk.events(people.alice))[-1]["code"] == "rendering_failed"


async def test_an_accounts_secret_never_goes_to_a_typed_server(walk: Walk, people: Cast) -> None:
    await walk.apply(_calls("sinch-whatsapp-consent", action="opt_in", base_url="https://evil.test"))
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    assert [one.url for one in walk.sinch.requests if "evil" in one.url] == []


async def test_account_token_and_server_may_be_typed_into_the_form(walk: Walk, people: Cast) -> None:
    typed = {"account": "other-bot", "bearer_token": "token-2", "base_url": "https://us1.whatsapp.api.sinch.com"}
    await walk.apply(_calls("sinch-whatsapp-consent", action="opt_out", **typed))
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    sent = walk.sinch.requests[-1]
    assert sent.url == "https://us1.whatsapp.api.sinch.com/whatsapp/v1/other-bot/provision/optin"
    assert ("Authorization", "Bearer token-2") in sent.headers


@pytest.mark.parametrize("status", [401, 429])
async def test_what_a_stranger_answers_does_not_hold_the_sender(walk: Walk, people: Cast, status: int) -> None:
    scenario = _calls("crm", account="ours")
    scenario["nodes"][1]["sender"] = "shop-whatsapp"
    await walk.apply(OWN, scenario)
    walk.sinch.script.append(HttpResponse(status, (("retry-after", "600"),)))
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.come_to_rest()
    assert (await walk.events(people.alice))[-1]["status"] == "accepted"


async def test_a_shipped_name_is_nobody_elses(walk: Walk) -> None:
    with pytest.raises(InvalidInputError, match="is a shipped preset"):
        await walk.apply({**OWN, "name": next(iter(shipped()))})


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"account": "a", "nope": "x"}, "has no such parameter"),
        ({}, "is missing"),
        ({"account": "{{ 1 +"}, "nodes.call"),
    ],
)
async def test_a_form_that_cannot_be_right_is_refused_at_once(
    walk: Walk, parameters: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said):
        await walk.apply({**OWN, "body": '{"a": "[[ text ]]"}'} if not parameters else OWN, _calls("crm", **parameters))

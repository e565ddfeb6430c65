"""What a person told WhatsApp or the provider: nothing leaves any more of what it covers, and the ledger says why."""

from typing import Any

import pytest

from parley.services.consent_ledger import show_consents
from parley.store.consents import Page
from tests.support.builders import Cast, consent_event
from tests.walks.test_stops import APP, failed
from tests.walks.walk import Walk

OFFERS = {"kind": "consent_category", "name": "offers", "purpose": "marketing"}
ALICE = "421901000001"


def _scenario(name: str, category: str) -> dict[str, Any]:
    return {
        "kind": "scenario", "name": name, "active": True, "settings": {"consent_category": category},
        "nodes": [
            {"id": "began", "type": "on_event", "event": name, "next": "say"},
            {
                "id": "say", "type": "send_template", "template": "cart_reminder",
                "parameters": ["{{ customer.first_name }}"],
            },
        ],
    }  # fmt: skip


@pytest.fixture
async def shop(walk: Walk, people: Cast) -> Walk:
    """Alice has agreed to offers and to reminders."""
    await walk.apply(OFFERS, _scenario("offer", "offers"), _scenario("remind", "whatsapp"))
    agreed = consent_event(people.alice, "accept").properties
    await walk.track(people.alice, "consent", **{**agreed, "category": "offers"})
    return walk


async def _sent(shop: Walk, people: Cast, event: str) -> str:
    """How a message that this event asks for stands, with its reason."""
    await shop.later(seconds=60)
    await shop.track(people.alice, event)
    await shop.come_to_rest()
    last = (await shop.events(people.alice))[-1]
    return str(last.get("code") or last["status"])


async def test_who_stops_marketing_at_whatsapp_gets_no_more_of_it_and_the_rest(shop: Walk, people: Cast) -> None:
    assert await _sent(shop, people, "offer") == "accepted"
    await shop.later(seconds=60)
    await shop.call_back(failed("131050", shop.now))
    assert await _sent(shop, people, "offer") == "suppressed"
    assert await _sent(shop, people, "remind") == "accepted"


async def test_the_ledger_says_so_once(shop: Walk, people: Cast) -> None:
    await _sent(shop, people, "offer")
    for _ in range(2):
        await shop.later(seconds=60)
        await shop.call_back(failed("131050", shop.now))
    shown = await show_consents(shop.database, shop.project.project, "registered=alice", Page(10), shop.now)
    told = [(one.entry.category, one.entry.action.value) for one in shown.entries if one.entry.source == "provider"]
    assert told == [("offers", "reject")]
    assert {one.category: one.granted for one in shown.standing} == {"offers": False, "whatsapp": True}


async def test_another_failure_withdraws_nothing(shop: Walk, people: Cast) -> None:
    await _sent(shop, people, "offer")
    await shop.call_back(failed("131026", shop.now))
    assert await _sent(shop, people, "offer") == "accepted"


def _notified(word: str, at: Any, channel: str = "WHATSAPP") -> dict[str, Any]:
    told = {"channel": channel, "identity": ALICE, "status": f"OPT_{word.upper()}_SUCCEEDED"}
    return {"app_id": APP, "event_time": f"{at:%Y-%m-%dT%H:%M:%SZ}", f"opt_{word}_notification": told}


async def test_the_providers_own_list_is_followed_both_ways(shop: Walk, people: Cast) -> None:
    await shop.call_back(_notified("out", shop.now))
    assert await _sent(shop, people, "remind") == "suppressed"
    await shop.call_back(_notified("in", shop.now))
    assert await _sent(shop, people, "remind") == "accepted"


async def test_the_list_of_another_channel_is_none_of_ours(shop: Walk, people: Cast) -> None:
    await shop.call_back(_notified("out", shop.now, "SMS"))
    assert await _sent(shop, people, "remind") == "accepted"

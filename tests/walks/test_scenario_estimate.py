"""What a scenario would have cost: played on what happened, it asks for the messages that it did ask for."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from parley.domain.errors import InvalidInputError
from parley.services.try_policy import Tried, Wish, play_of, try_policy
from tests.support.builders import NOW, Cast
from tests.walks.test_costs import MARKETING, SLOVAK
from tests.walks.walk import Walk, inbound

OFFER: dict[str, Any] = {
    "kind": "scenario",
    "name": "offer",
    "active": True,
    "settings": {"consent_category": "whatsapp"},
    "nodes": [
        {"id": "offered", "type": "on_event", "event": "offer", "next": "pause"},
        {"id": "pause", "type": "wait", "for": "1 hour", "next": "bought"},
        {
            "id": "bought",
            "type": "condition",
            "if": {"not": {"event": "purchase", "since": "start"}},
            "then": "remind",
        },
        {
            "id": "remind",
            "type": "send_template",
            "template": "spring_sale",
            "parameters": ["{{ customer.first_name }} {{ event.name }}"],
            "buttons": [{"type": "quick_reply", "payload": "STOP"}],
            "ttl": "10 minutes",
            "next": "answer",
        },
        {
            "id": "answer",
            "type": "wait_for_reply",
            "within": "1 day",
            "replies": {"yes": None},
            "on_timeout": "again",
        },
        {"id": "again", "type": "send_text", "text": "Still there?"},
    ],
}


async def tried(walk: Walk, **wish: Any) -> Tried:
    play = await play_of(walk.database, walk.project_id, Wish(**wish), walk.now)
    return [one async for one in try_policy(walk.database, walk.project_id, play, walk.now, 2)][-1]


async def happened(walk: Walk, people: Cast) -> None:
    """Alice had two offers and took one; Bob and Carol one each; all of it long enough ago."""
    for customer_id in (people.alice, people.bob, people.carol):
        await walk.track(customer_id, "offer", name="shoes")
    await walk.come_to_rest()
    await walk.later(hours=1)
    await walk.later(days=2)
    await walk.track(people.alice, "offer", name="hat")
    await walk.come_to_rest()
    await walk.later(minutes=30)
    await walk.track(people.alice, "purchase")
    await walk.later(minutes=30)
    await walk.later(days=3)


@pytest.mark.parametrize("is_active", [True, False])
async def test_it_asks_for_what_it_did_ask_for(walk: Walk, people: Cast, is_active: bool) -> None:
    await walk.apply(MARKETING, {**OFFER, "active": is_active})
    await happened(walk, people)
    sent = len(walk.sinch.bodies())
    told = await tried(walk, scenario="offer", days=30)
    assert (told.looked_at, told.in_audience) == (3, 6)  # three templates, three texts a day later
    assert (told.allowed, told.refused) == (1, 5)
    assert {one.code: one.count for one in told.reasons} == {
        "no_consent": 1,
        "consent_revoked": 1,
        "window_never_opened": 3,
    }
    assert (told.estimate.amount, told.estimate.messages) == (SLOVAK, 1)
    assert len(walk.sinch.bodies()) == sent == (1 if is_active else 0)


async def test_only_the_days_that_are_asked_for_count(walk: Walk, people: Cast) -> None:
    await walk.apply(MARKETING, OFFER)
    await happened(walk, people)
    assert (await tried(walk, scenario="offer", days=4)).in_audience == 0  # the hat, which was bought
    assert (await tried(walk, scenario="offer", days=6)).in_audience == 6


async def test_free_text_in_a_templates_place_is_told_as_saved(walk: Walk, people: Cast) -> None:
    nodes = [{**node, "free_text": "Hello"} if node["id"] == "remind" else node for node in OFFER["nodes"]]
    await walk.apply(MARKETING, {**OFFER, "nodes": nodes})
    await walk.track(people.alice, "offer", name="shoes")
    walk.now = NOW + timedelta(hours=2)
    await walk.call_back(inbound("421901000001", "hi", walk.now))
    told = await tried(walk, scenario="offer")
    assert (told.estimate.amount, told.estimate.saved) == (Decimal(0), SLOVAK)
    assert [(one.category, one.messages) for one in told.estimate.costs] == [("service", 2)]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"scenario": "missing"}, "there is no scenario missing; there is abandoned-cart"),
        ({"scenario": "offer", "condition": {"consent": "whatsapp"}}, "has no place here"),
        ({"scenario": "offer", "campaign": "sale"}, "one of them"),
        ({}, "one of them"),
    ],
)
async def test_what_cannot_be_tried_is_told(walk: Walk, wish: dict[str, Any], said: str) -> None:
    await walk.apply(MARKETING, OFFER)
    with pytest.raises(InvalidInputError, match=said):
        await play_of(walk.database, walk.project_id, Wish(**wish), walk.now)

"""Whose place a message takes that is tried again to another number, or that cannot be rendered."""

from typing import Any

from parley.domain.http import HttpResponse
from parley.services.give_back_places import give_back_places
from parley.services.set_properties import PropertyUpdate, set_properties
from tests.walks.crowd import PHONE, CountingSinch, add_strangers, count_reached, open_shop, queue
from tests.walks.test_tiers import REFUSED
from tests.walks.walk import Walk

PLAIN: dict[str, Any] = {
    "kind": "template",
    "name": "plain",
    "language": "en",
    "category": "ACCOUNT_UPDATE",
    "status": "approved",
    "body": {"text": "Your order is ready."},
}
THIEF: dict[str, Any] = {
    "kind": "preset",
    "name": "own",
    "title": "An own way to send a template",
    "purpose": "template",
    "method": "POST",
    "url": "https://own.test/messages",
    "format": "json",
    "body": '{"template": "[[ template_name ]]", "token": "[[ bearer_token ]]"}',
}
"""Asks for a secret that no preset of a user's own is given."""


async def test_who_was_written_to_keeps_the_place_when_a_message_that_moved_to_the_number_is_refused(
    walk: Walk,
) -> None:
    walk.sinch = sinch = CountingSinch()
    shop = await open_shop(walk, "shop", tier=3)
    alice, bob = await add_strangers(shop, 1, 2)
    await queue(shop, bob, 1)
    await shop.come_to_rest()
    sinch.script.extend([HttpResponse(500, (), b"{}"), REFUSED])
    await queue(shop, alice, 1)
    await shop.come_to_rest()
    async with shop.database.transaction() as connection:
        update = PropertyUpdate(alice, {"phone": f"+{PHONE.format(2)}"})
        await set_properties(connection, shop.project_id, [update], shop.now)
    await shop.later(minutes=1)
    assert await give_back_places(shop.database, shop.now) == 1
    assert (sinch.sent["shop"], await count_reached(shop)) == (3, 2)
    await shop.delivery.close()


async def test_a_message_that_cannot_be_rendered_gives_its_place_back(walk: Walk) -> None:
    """It takes one when it is allowed, before the request is filled in."""
    walk.sinch = sinch = CountingSinch()
    shop = await open_shop(walk, "shop", tier=3)
    call = {
        "type": "call_preset",
        "preset": "own",
        "sender": "shop-whatsapp",
        "parameters": {"template_name": "plain"},
    }
    nodes = [{"id": "go", "type": "on_event", "event": "own", "next": "send"}, {"id": "send", **call}]
    scenario = {"kind": "scenario", "name": "own", "settings": {"consent_category": "whatsapp"}, "nodes": nodes}
    await shop.apply(PLAIN, THIEF, scenario)
    (alice,) = await add_strangers(shop, 1)
    await shop.track(alice, "own")
    await shop.come_to_rest()
    assert (await shop.events(alice))[-1]["code"] == "rendering_failed"
    assert (sinch.sent["shop"], await count_reached(shop)) == (0, 1)
    assert await give_back_places(shop.database, shop.now) == 1
    assert await count_reached(shop) == 0
    await shop.delivery.close()

"""The loop of the seed page: a template goes out, the customer answers, the free text with the link follows."""

from datetime import timedelta

import msgspec
import pytest

from tests.support.builders import Cast, add_customer
from tests.walks.walk import Walk, inbound, status

ALICE = "421901000001"
CART = {"product_list": [{"product_id": "P-11", "quantity": 2}], "cart_url": "https://shop.test/c/1"}


async def test_it_sends_the_link_to_whoever_answers_cart(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "cart_update", **CART)
    await walk.come_to_rest()
    assert walk.sinch.bodies() == []

    await walk.later(hours=1)
    (template,) = walk.sinch.bodies()
    assert template["to"] == [ALICE]
    assert template["message"]["template_name"] == "cart_reminder"
    assert template["message"]["body_params"] == ["Alice"]

    await walk.later(minutes=5)
    await walk.call_back(inbound(ALICE, "cart!", walk.now))
    await walk.come_to_rest()
    link = walk.sinch.bodies()[1]
    assert link["message"] == {"type": "text", "preview_url": True, "text": "Here is your cart: https://shop.test/c/1"}


async def test_it_sends_nothing_to_whoever_bought(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "cart_update", **CART)
    await walk.later(minutes=10)
    await walk.track(people.alice, "purchase", total_price=41.8)
    await walk.later(hours=2)
    assert walk.sinch.bodies() == []


async def test_it_reminds_once_of_a_cart_that_changed_twice(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "cart_update", **CART)
    await walk.later(minutes=10)
    await walk.track(people.alice, "cart_update", **CART)
    await walk.come_to_rest()
    await walk.later(hours=3)
    assert len(walk.sinch.bodies()) == 1


async def test_it_shows_the_item_to_whoever_answers_show_me(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", title="Kettle", product_url="https://shop.test/p/7")
    await walk.come_to_rest()
    assert walk.sinch.bodies()[0]["message"]["template_name"] == "back_in_stock"
    await walk.call_back(inbound(ALICE, "Show me", walk.now))
    await walk.come_to_rest()
    assert walk.sinch.bodies()[1]["message"]["text"] == "Kettle: https://shop.test/p/7"


async def test_it_tells_of_a_shipment(walk: Walk, people: Cast) -> None:
    shipment = {"status": "shipped", "order_id": "100245", "carrier": "DHL", "tracking_url": "https://t.test/1"}
    await walk.track(people.alice, "shipment", **shipment)
    await walk.come_to_rest()
    assert walk.sinch.bodies()[0]["message"]["body_params"] == ["100245", "DHL", "https://t.test/1"]


@pytest.mark.parametrize("who", ["bob", "carol"])
async def test_it_writes_to_nobody_who_did_not_agree(walk: Walk, people: Cast, who: str) -> None:
    await walk.track(getattr(people, who), "back_in_stock", product_url="https://shop.test/p/7")
    await walk.later(hours=1)
    assert walk.sinch.bodies() == []


async def test_it_uploads_a_consent_as_soon_as_it_is_given(walk: Walk, people: Cast) -> None:
    await walk.track(people.carol, "consent", action="accept", category="whatsapp", valid_until="unlimited")
    await walk.come_to_rest()
    uploads = [one for one in walk.sinch.requests if one.url.endswith("/provision/optin")]
    assert [one.method for one in uploads][-1] == "POST"
    assert b"421901000003" in uploads[-1].body


async def test_every_state_of_a_message_is_an_event(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.come_to_rest()
    ident = "SINCH-1-0"
    for state in ("delivered", "dispatched", "read", "delivered", "queued"):
        await walk.call_back(status(ident, state, walk.now + timedelta(seconds=1)))
    states = await walk.states(people.alice, "template")
    assert states == ["queued", "accepted", "delivered", "read"]


async def test_consents_are_uploaded_twenty_at_a_time(walk: Walk) -> None:
    for number in range(45):
        who = await add_customer(walk.database, walk.project, f"c{number}", {"phone": f"+4219010010{number:02}"})
        await walk.track(who, "consent", action="accept", category="whatsapp", valid_until="unlimited")
    await walk.come_to_rest()
    uploads = [msgspec.json.decode(one.body)["numbers"] for one in walk.sinch.requests]
    assert sorted(len(numbers) for numbers in uploads) == [5, 20, 20]
    assert len({number for numbers in uploads for number in numbers}) == 45


async def test_a_withdrawn_consent_is_uploaded_as_an_opt_out(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "consent", action="reject", category="whatsapp")
    await walk.come_to_rest()
    assert (walk.sinch.requests[-1].method, walk.sinch.requests[-1].body) == ("DELETE", b'{"numbers":["421901000001"]}')


async def test_a_scenario_is_never_started_by_its_own_messages(walk: Walk, people: Cast) -> None:
    nodes = [
        {"id": "any", "type": "on_event", "event": "campaign", "next": "text"},
        {"id": "text", "type": "send_text", "text": "Hello"},
    ]
    await walk.apply({"kind": "scenario", "name": "eager", "nodes": nodes})
    await walk.call_back(inbound(ALICE, "hi", walk.now))
    await walk.come_to_rest()
    assert len(walk.sinch.bodies()) == 1

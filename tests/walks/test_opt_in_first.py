"""A template that comes together with the consent leaves when the provider has taken the consent, and arrives."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from parley.providers.http import HttpClient
from parley.services.deliver_messages import Delivery
from parley.services.receive_callbacks import Callback
from tests.simulator.desk import Desk, open_desk
from tests.simulator.shop import Shop, open_shop
from tests.support.builders import Cast, consent_event
from tests.walks.walk import EXAMPLES, LEGACY, Walk

CAROL = "421901000003"
SHIPPED = {"status": "shipped", "order_id": "7", "carrier": "DHL", "tracking_url": "https://shop.test/t/7"}
PENDING = "consent_upload_pending"


class Strict:
    """A Sinch of before June 2022, which takes no template of whom it does not know as opted in."""

    def __init__(self, walk: Walk, desk: Desk, shop: Shop, wire: HttpClient) -> None:
        self.walk = walk
        self.desk = desk
        self._shop = shop
        self._wire = wire
        walk.delivery = self.worker()

    def worker(self) -> Delivery:
        return Delivery(self.walk.database, self.walk.box, self._wire, lambda: self.walk.now, lambda: 0.5)

    async def hear(self, wanted: str) -> None:
        """Callbacks, until a message was reported so."""
        state = ""
        while state != wanted:
            heard = self._shop.next()
            admitted = await self.walk.judged(heard.headers, heard.raw)
            assert isinstance(admitted, Callback), admitted
            await self.walk.receive([admitted])
            state = heard.body["statuses"][0]["state"]


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with open_desk("--chaos", "off") as running:
        yield running


@pytest.fixture
async def strict(walk: Walk, desk: Desk) -> AsyncIterator[Strict]:
    desk.reset()
    desk.sim("settings", {"no_opt_in": True})
    template = json.loads((EXAMPLES / "order-shipped.template.json").read_bytes())
    named = {name: template[name] for name in ("name", "language")}
    desk.sim("templates", {**named, "body": template["body"]["text"]})
    at = {"account": desk.legacy["bot_id"], "bearer_token": desk.legacy["bearer_token"], "base_url": desk.url}
    await walk.apply({**LEGACY, "account": at})
    with open_shop() as shop:
        desk.sim("legacy", {"callback_url": f"{shop.url}/legacy"})
        async with HttpClient() as wire:
            yield Strict(walk, desk, shop, wire)


async def carol_agrees_and_orders(walk: Walk, people: Cast) -> None:
    """Both are planned by one worker's turn."""
    await walk.track(people.carol, "consent", **consent_event(people.carol, "accept").properties)
    await walk.track(people.carol, "shipment", **SHIPPED)
    await walk.plan()


async def template_of(walk: Walk) -> tuple[Any, ...]:
    """Its state, why it waits or failed, and how many seconds it waits from now."""
    async with walk.database.connection() as connection:
        row = await connection.fetchrow("SELECT state, outcome_code, due_at FROM messages WHERE kind = 'template'")
        assert row is not None
        return row["state"], row["outcome_code"], (row["due_at"] - walk.now).total_seconds()


async def test_it_waits_while_the_upload_is_under_way_and_arrives_once(strict: Strict, people: Cast) -> None:
    walk = strict.walk
    strict.desk.sim("faults", {"kind": "slow", "endpoint": "legacy.optin", "seconds": 1})
    await carol_agrees_and_orders(walk, people)
    await walk.delivery.step()  # the upload begins
    assert await template_of(walk) == ("planned", PENDING, 1)
    walk.now += timedelta(seconds=1)
    another = strict.worker()
    await another.step()
    assert await template_of(walk) == ("planned", PENDING, 1)
    await walk.delivery.finish()
    await walk.come_to_rest()  # at the same second: the outcome of the upload makes it due
    await strict.hear("delivered")
    assert (await template_of(walk))[0] == "delivered"
    assert len(strict.desk.thread(CAROL)) == 1
    await another.close()


async def test_without_an_upload_it_fails_as_the_provider_says(strict: Strict, people: Cast) -> None:
    scenario = json.loads((EXAMPLES / "upload-consent.json").read_bytes())
    await strict.walk.apply({**scenario, "active": False})
    await carol_agrees_and_orders(strict.walk, people)
    await strict.walk.come_to_rest()
    await strict.hear("no_opt_in")
    assert (await template_of(strict.walk))[:2] == ("failed", "not_opted_in")


async def test_an_upload_that_failed_holds_nothing_up(strict: Strict, people: Cast) -> None:
    strict.desk.sim("faults", {"kind": "status", "endpoint": "legacy.optin", "status": 400})
    await carol_agrees_and_orders(strict.walk, people)
    await strict.walk.come_to_rest()
    await strict.hear("no_opt_in")
    assert (await template_of(strict.walk))[:2] == ("failed", "not_opted_in")


async def test_an_upload_that_is_tried_again_lets_nothing_go(strict: Strict, people: Cast) -> None:
    walk = strict.walk
    strict.desk.sim("faults", {"kind": "status", "endpoint": "legacy.optin", "status": 500})
    await carol_agrees_and_orders(walk, people)
    await walk.delivery.step()
    await walk.delivery.finish()
    assert await template_of(walk) == ("planned", PENDING, 1)
    await walk.later(minutes=1)
    await strict.hear("delivered")

"""A form says yes, nothing may leave, the local Sinch's handset confirms, and then it may."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from parley.domain.consent import Action
from parley.providers.http import HttpClient
from parley.services.consent_ledger import Shown, show_consents
from parley.services.deliver_messages import Delivery
from parley.services.receive_callbacks import Callback
from parley.services.upload_consents import Wish, upload_consents
from parley.store.consents import Page
from tests.simulator.desk import Desk, open_desk
from tests.simulator.shop import Shop, open_shop
from tests.support.builders import Cast
from tests.walks.test_keywords import CAROL, REMIND, Thread, answers, stands
from tests.walks.walk import LEGACY, Walk

SETTINGS: dict[str, Any] = {"kind": "settings", "double_opt_in": {"categories": ["whatsapp"], "expires_hours": 24}}
YES = {"action": "accept", "category": "whatsapp", "valid_until": "unlimited", "shown_text": "Offers by WhatsApp?"}


@pytest.fixture(scope="module")
def running() -> Iterator[Desk]:
    with open_desk("--chaos", "off") as desk:
        yield desk


@pytest.fixture
def shop(running: Desk) -> Iterator[Shop]:
    running.reset()
    with open_shop() as shop:
        running.sim("legacy", {"callback_url": f"{shop.url}/callback"})
        yield shop


@pytest.fixture
async def live(walk: Walk, running: Desk) -> AsyncIterator[Walk]:
    """A walk whose worker sends to the local Sinch."""
    account = {"account": running.legacy["bot_id"], "bearer_token": running.legacy["bearer_token"]}
    await walk.apply(LEGACY | {"account": {**account, "base_url": running.url}})
    async with HttpClient() as wire:
        await walk.delivery.close()
        walk.delivery = Delivery(walk.database, walk.box, wire, lambda: walk.now, lambda: 0.5)
        yield walk


async def shown(walk: Walk, customer: object) -> Shown:
    return await show_consents(walk.database, walk.project.project, f"id={customer}", Page(10), walk.now)


async def hears(walk: Walk, shop: Shop, desk: Desk, words: str) -> None:
    """The customer writes on the handset; what Sinch tells until then comes in by the door."""
    message_id = desk.write({"type": "text", "text": words}, CAROL)
    walk.now += timedelta(minutes=5)
    while True:
        heard = shop.next()
        admitted = await walk.judged(heard.headers, heard.raw)
        assert isinstance(admitted, Callback)
        await walk.receive([admitted])
        if any(one["message_id"] == message_id for one in heard.body.get("notifications", ())):
            return await walk.come_to_rest()


async def test_it_is_asked_in_the_chat_and_confirmed_there(live: Walk, people: Cast, shop: Shop, running: Desk) -> None:
    await live.apply(SETTINGS, REMIND)
    await hears(live, shop, running, "hello")
    await live.track(people.carol, "consent", **YES)
    await live.come_to_rest()
    thread = running.thread(CAROL)
    assert "reply CONFIRM" in str(thread[-1])
    assert not await stands(live, people.carol)
    await live.track(people.carol, "go")
    await live.come_to_rest()
    assert [one["code"] for one in await live.events(people.carol) if one["status"] == "refused"] == [
        "consent_unconfirmed"
    ]
    await hears(live, shop, running, "Confirm 👍")
    assert await stands(live, people.carol)
    entry, question, *_ = (await shown(live, people.carol)).entries
    assert (entry.entry.source, entry.evidence.said, question.entry.action) == (
        "double_opt_in", "Confirm 👍", Action.ASKED,
    )  # fmt: skip
    assert entry.evidence.message_id
    await live.track(people.carol, "go")
    await live.come_to_rest()
    assert "accepted" in await live.states(people.carol, "template")


async def test_the_word_counts_once_and_only_where_somebody_was_asked(walk: Walk, people: Cast) -> None:
    await walk.apply(SETTINGS)
    carol = Thread(walk, CAROL)
    await carol.says("CONFIRM")
    assert (await shown(walk, people.carol)).entries == []
    assert await answers(walk) == []
    await walk.track(people.carol, "consent", **YES)
    await carol.says("CONFIRM", "confirm!")
    assert [one.entry.action for one in (await shown(walk, people.carol)).entries] == [Action.ACCEPT, Action.ASKED]
    assert len([one for one in await answers(walk) if "confirmed" in one]) == 1


async def test_after_a_stop_or_too_late_it_confirms_nothing(walk: Walk, people: Cast) -> None:
    await walk.apply(SETTINGS)
    carol = Thread(walk, CAROL)
    await walk.track(people.carol, "consent", **YES)
    await carol.says("STOP", "CONFIRM")
    assert not await stands(walk, people.carol)
    await walk.later(minutes=1)
    await walk.track(people.carol, "consent", **YES)
    (stand,) = (one for one in (await shown(walk, people.carol)).standing if one.category == "whatsapp")
    assert (stand.granted, stand.why) == (False, "has yet to confirm")
    await walk.later(hours=24)
    await carol.says("CONFIRM")
    (stand,) = (one for one in (await shown(walk, people.carol)).standing if one.category == "whatsapp")
    assert (stand.granted, stand.why) == (False, "did not confirm in time")


async def test_a_yes_that_waits_is_told_to_nobody_and_a_stop_is_lifted_by_its_confirmation(
    walk: Walk, people: Cast
) -> None:
    await walk.apply(SETTINGS, REMIND)
    carol = Thread(walk, CAROL)
    await carol.says("STOP")
    await walk.later(minutes=1)
    await walk.track(people.carol, "consent", **YES)
    told = await upload_consents(walk.database, walk.project.project, Wish(again=True), walk.now)
    assert told.opt_ins == 1  # alice
    await carol.says("CONFIRM")
    await walk.track(people.carol, "go")
    await walk.come_to_rest()
    assert "accepted" in await walk.states(people.carol, "template")

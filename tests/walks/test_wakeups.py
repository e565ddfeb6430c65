"""Workers that sleep are woken by whatever makes something due, in the moment in which it is committed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from parley.providers.http import UnansweredError
from parley.services.give_back_places import give_back_places
from parley.services.registry import Origin, Said
from parley.services.settle_by_rule import settle_by_rule
from parley.services.settle_message import Order as Settling
from parley.services.settle_message import send_again
from parley.services.steer_campaigns import Order, steer, steer_campaigns
from parley.services.steer_templates import set_status
from parley.services.stopping import release_a_sender, release_a_template
from parley.store.stops import Stop, put_stop
from parley.store.wakeups import listening
from parley.templates import Status
from tests.support.builders import Cast
from tests.walks.crowd import add_strangers, open_shop, queue
from tests.walks.test_campaigns import SALE
from tests.walks.test_judge_anew import ALL_DAY, settings
from tests.walks.test_refusals import TEMPLATE, blunt
from tests.walks.test_tiers import REFUSED
from tests.walks.walk import Walk, inbound

SECONDS = 20
SENDER, STOPPED = "shop-whatsapp", "cart_reminder.en"
OLGA = Said(Origin.PERSON, "Olga", "WhatsApp says so.")
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE query LIKE 'LISTEN %' AND datname = current_database()"
)
Deed = Callable[[], Awaitable[Any]]


async def _wanted(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE))
    await walk.track(people.alice, "go")


async def _an_event_starts_a_journey(walk: Walk, people: Cast) -> Deed:
    await walk.apply(blunt(TEMPLATE))
    return partial(walk.track, people.alice, "go")


async def _a_journey_plans_a_message(walk: Walk, people: Cast) -> Deed:
    await _wanted(walk, people)
    return walk.plan


async def _a_customer_replies(walk: Walk, people: Cast) -> Deed:
    ask = {"id": "ask", "type": "wait_for_reply", "replies": {"BLUE": None}, "within": "2 hours"}
    nodes = [{"id": "go", "type": "on_event", "event": "go", "next": "ask"}, ask]
    await walk.apply({"kind": "scenario", "name": "ask", "settings": {}, "nodes": nodes})
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    return partial(walk.call_back, inbound("421901000001", "BLUE", walk.now))


async def _a_campaign_is_launched(walk: Walk, _: Cast) -> Deed:
    await walk.apply(SALE)
    return partial(walk.launch, "sale")


async def _a_campaign_is_paused(walk: Walk, people: Cast) -> Deed:
    await (await _a_campaign_is_launched(walk, people))()
    return partial(steer, walk.database, walk.project_id, "sale", Order.PAUSE, walk.now)


async def _messages_of_a_campaign_go_on(walk: Walk, people: Cast) -> Deed:
    await (await _a_campaign_is_launched(walk, people))()
    while await walk.campaigns_move():
        pass
    for order in (Order.PAUSE, Order.RESUME):
        await steer(walk.database, walk.project_id, "sale", order, walk.now)
        if order is Order.PAUSE:
            await steer_campaigns(walk.database, walk.now)
    return partial(steer_campaigns, walk.database, walk.now)


async def _settings_change(walk: Walk, people: Cast) -> Deed:
    await walk.apply(settings(quiet_hours=ALL_DAY))
    await _wanted(walk, people)
    await walk.come_to_rest()
    return partial(walk.apply, settings())


async def _what_waits_is_judged_anew(walk: Walk, people: Cast) -> Deed:
    await (await _settings_change(walk, people))()
    return walk.judge_anew


async def _a_sender_is_released(walk: Walk, _: Cast) -> Deed:
    async with walk.database.transaction() as connection:
        stop = Stop(SENDER, "account_blocked", "It is locked.")
        assert await put_stop(connection, walk.project_id, stop, walk.now, walk.now)
    return partial(release_a_sender, walk.database, walk.project_id, SENDER, walk.now)


async def _a_template_is_released(walk: Walk, _: Cast) -> Deed:
    async with walk.database.transaction() as connection:
        stop = Stop(SENDER, "template_paused", "It is paused.", STOPPED)
        assert await put_stop(connection, walk.project_id, stop, walk.now, walk.now)
    return partial(release_a_template, walk.database, walk.project_id, STOPPED, walk.now)


async def _a_template_is_approved(walk: Walk, _: Cast) -> Deed:
    await set_status(walk.database, walk.project_id, STOPPED, Status.PAUSED, OLGA, walk.now)
    return partial(set_status, walk.database, walk.project_id, STOPPED, Status.APPROVED, OLGA, walk.now)


async def _uncertain(walk: Walk, people: Cast) -> str:
    await _wanted(walk, people)
    walk.sinch.script.append(UnansweredError("cut"))
    await walk.come_to_rest()
    return str((await walk.events(people.alice))[-1]["message_id"])


async def _a_person_has_it_sent_again(walk: Walk, people: Cast) -> Deed:
    return partial(send_again, walk.database, await _uncertain(walk, people), Settling("Olga", "lost"), walk.now)


async def _the_rule_has_it_sent_again(walk: Walk, people: Cast) -> Deed:
    await walk.apply({"kind": "settings", "uncertain": {"then": "resend"}})
    await _uncertain(walk, people)
    return partial(settle_by_rule, walk.database, walk.now + timedelta(days=3))


async def _a_place_of_a_tier_is_given_back(walk: Walk, _: Cast) -> Deed:
    shop = await open_shop(walk, "small", tier=3)
    shop.sinch.script.append(REFUSED)
    await queue(shop, (await add_strangers(shop, 1))[0], 1)
    await shop.come_to_rest()
    await shop.delivery.close()
    return partial(give_back_places, walk.database, walk.now)


DEEDS = [
    _an_event_starts_a_journey,
    _a_journey_plans_a_message,
    _a_customer_replies,
    _a_campaign_is_launched,
    _a_campaign_is_paused,
    _messages_of_a_campaign_go_on,
    _settings_change,
    _what_waits_is_judged_anew,
    _a_sender_is_released,
    _a_template_is_released,
    _a_template_is_approved,
    _a_person_has_it_sent_again,
    _the_rule_has_it_sent_again,
    _a_place_of_a_tier_is_given_back,
]


@pytest.mark.parametrize("before", DEEDS, ids=lambda one: one.__name__.strip("_"))
async def test_it_wakes_workers(
    walk: Walk, people: Cast, own_database_url: str, before: Callable[[Walk, Cast], Awaitable[Deed]]
) -> None:
    deed, woken = await before(walk, people), asyncio.Event()
    async with listening(own_database_url, woken.set), asyncio.timeout(SECONDS):
        await woken.wait()  # as it begins to listen
        woken.clear()
        await deed()
        await woken.wait()


async def test_who_begins_to_listen_looks_once_and_so_does_who_was_cut_off(walk: Walk, own_database_url: str) -> None:
    """What was announced before that, or meanwhile, reached nobody."""
    woken = asyncio.Event()
    async with listening(own_database_url, woken.set), asyncio.timeout(SECONDS):
        await woken.wait()
        woken.clear()
        async with walk.database.connection() as connection:
            assert await connection.fetchval(CUT)
        await woken.wait()

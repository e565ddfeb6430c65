"""A campaign from its launch to its last message: planned once for each, by any number of workers, killed or not."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from parley.domain.customer import CustomerIds
from parley.services.apply_definitions import delete_definition
from parley.services.doctor import Releaser, diagnose
from parley.services.launch_campaign import CampaignUnderWayError, UnknownCampaignError
from parley.services.plan_campaigns import plan_campaigns
from parley.services.record_events import record_events
from parley.services.resolve_customers import resolve_customers
from parley.services.set_properties import PropertyUpdate, set_properties
from parley.services.show_campaigns import Progress
from parley.services.steer_campaigns import NotSteerableError, Order, steer
from parley.store.doctor import What
from tests.support.builders import NOW, Cast, consent_event
from tests.walks.walk import Walk

SEND: dict[str, Any] = {
    "type": "send_template",
    "template": "spring_sale",
    "parameters": ["{{ customer.first_name }}"],
    "buttons": [{"type": "quick_reply", "payload": "STOP OFFERS"}],
}
SALE: dict[str, Any] = {
    "kind": "campaign",
    "name": "sale",
    "title": "Sale",
    "send": SEND,
    "settings": {"consent_category": "whatsapp"},
}


async def add_crowd(walk: Walk, size: int, names: Sequence[str] = ("Jana",)) -> list[UUID]:
    """Customers who agreed, each with a phone and a name."""
    async with walk.database.transaction() as connection:
        ids = [CustomerIds(hard={"registered": f"c{number}"}, soft={}) for number in range(size)]
        found = [one for one in await resolve_customers(connection, walk.project_id, ids, NOW) if isinstance(one, UUID)]
        updates = [
            PropertyUpdate(ident, {"phone": f"+4219020{number:05}", "first_name": names[number % len(names)]})
            for number, ident in enumerate(found)
        ]
        await set_properties(connection, walk.project_id, updates, NOW)
        await record_events(connection, walk.project_id, [consent_event(ident, "accept") for ident in found], NOW)
    await walk.come_to_rest()
    walk.sinch.requests.clear()  # of the examples' scenarios
    return found


def recipients(walk: Walk) -> Counter[str]:
    return Counter(one["to"][0] for one in walk.sinch.bodies())


def state(progress: Progress) -> str | None:
    return progress.run.state if progress.run else None


async def test_it_writes_to_whoever_agreed_and_says_why_not_to_the_others(walk: Walk, people: Cast) -> None:
    await walk.apply(SALE)
    await walk.launch("sale")
    await walk.come_to_rest()
    (body,) = walk.sinch.bodies()
    assert (body["to"], body["message"]["body_params"]) == (["421901000001"], ["Alice"])
    progress = await walk.progress("sale")
    assert state(progress) == "ended"
    assert progress.messages == {"accepted": 1, "refused": 2}
    assert {(one.code, one.count) for one in progress.reasons} == {("consent_revoked", 1), ("no_consent", 1)}


async def test_every_state_of_its_message_is_an_event_that_names_campaign_and_run(walk: Walk, people: Cast) -> None:
    await walk.apply(SALE)
    run = await walk.launch("sale")
    await walk.come_to_rest()
    events = await walk.events(people.alice)
    assert [one["status"] for one in events] == ["queued", "accepted"]
    assert {(one["campaign_id"], one["campaign_name"], one["run_id"]) for one in events} == {
        ("sale", "Sale", str(run.id))
    }


async def test_two_workers_that_are_killed_again_and_again_write_once_to_each(walk: Walk) -> None:
    await add_crowd(walk, 400)
    await walk.apply(SALE)
    await walk.launch("sale")
    killed = 0
    for half_milliseconds in range(1, 60):  # each a little later in its work than the one before
        workers = asyncio.gather(*(plan_campaigns(walk.database, walk.now) for _ in range(2)))
        try:
            await asyncio.wait_for(workers, half_milliseconds / 2_000)
        except TimeoutError:
            killed += 1
    assert killed >= 5, "they were to be killed in the middle"
    await walk.come_to_rest()
    assert set(recipients(walk).values()) == {1}
    assert len(recipients(walk)) == 400
    progress = await walk.progress("sale")
    assert progress.run is not None
    assert (progress.run.looked_at, progress.run.matched, progress.planned) == (400, 400, 400)


async def test_it_cannot_be_launched_twice_at_once_but_again_when_it_is_over(walk: Walk, people: Cast) -> None:
    await walk.apply(SALE)
    await walk.launch("sale")
    with pytest.raises(CampaignUnderWayError, match="sale is under way"):
        await walk.launch("sale")
    await walk.come_to_rest()
    await walk.launch("sale")
    await walk.come_to_rest()
    assert len(walk.sinch.bodies()) == 2


async def test_of_many_launches_at_once_one_counts(walk: Walk) -> None:
    await walk.apply(SALE)
    answers = await asyncio.gather(*(walk.launch("sale") for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(one, CampaignUnderWayError) for one in answers) == 5


async def test_what_is_not_there_cannot_be_launched(walk: Walk) -> None:
    with pytest.raises(UnknownCampaignError, match="There is no campaign nothing"):
        await walk.launch("nothing")


async def test_a_pause_keeps_back_what_waits_and_it_goes_on_where_it_was(walk: Walk) -> None:
    await add_crowd(walk, 100)
    await walk.apply(SALE)
    await walk.launch("sale")
    for _ in range(20):
        await walk.campaigns_move()
    await steer(walk.database, walk.project_id, "sale", Order.PAUSE, walk.now)
    await walk.come_to_rest()
    paused = await walk.progress("sale")
    assert (state(paused), walk.sinch.bodies()) == ("paused", [])
    assert 0 < paused.planned < 100
    (told,) = await diagnose(walk.database, walk.project_id, walk.now)
    assert (told.what, told.waits_for, told.waiting.count) == (
        What.CAMPAIGNS_PAUSED, Releaser.OPERATOR, paused.planned,
    )  # fmt: skip
    await walk.later(days=3)
    assert walk.sinch.bodies() == []

    await steer(walk.database, walk.project_id, "sale", Order.RESUME, walk.now)
    await walk.come_to_rest()
    assert (len(recipients(walk)), set(recipients(walk).values())) == (100, {1})
    assert state(await walk.progress("sale")) == "ended"


@pytest.mark.parametrize("paused_first", [False, True])
async def test_a_cancelled_one_writes_to_nobody_any_more(walk: Walk, paused_first: bool) -> None:
    await add_crowd(walk, 60)
    await walk.apply(SALE)
    await walk.launch("sale")
    for _ in range(20):
        await walk.campaigns_move()
    if paused_first:
        await steer(walk.database, walk.project_id, "sale", Order.PAUSE, walk.now)
        await walk.campaigns_move()
    await steer(walk.database, walk.project_id, "sale", Order.CANCEL, walk.now)
    await walk.come_to_rest()
    progress = await walk.progress("sale")
    assert (state(progress), walk.sinch.bodies()) == ("cancelled", [])
    assert set(progress.messages) == {"cancelled"}
    await walk.launch("sale")


async def test_messages_in_flight_go_on_when_it_is_cancelled(walk: Walk, people: Cast) -> None:
    await walk.apply(SALE)
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass

    async def cancel() -> None:
        await steer(walk.database, walk.project_id, "sale", Order.CANCEL, walk.now)
        await walk.campaigns_move()
        assert state(await walk.progress("sale")) == "cancelling"

    walk.sinch.before_answer = cancel
    await walk.come_to_rest()
    progress = await walk.progress("sale")
    assert (state(progress), progress.messages["accepted"]) == ("cancelled", 1)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (Order.PAUSE, "sale is ended; it can be paused while it is planning or sending"),
        (Order.RESUME, "sale is ended; it can be resumed while it is paused"),
        (Order.CANCEL, "sale is ended; it can be cancelled while"),
    ],
)
async def test_an_order_that_comes_too_late_says_so(walk: Walk, people: Cast, order: Order, said: str) -> None:
    await walk.apply(SALE)
    with pytest.raises(NotSteerableError, match="sale was never launched"):
        await steer(walk.database, walk.project_id, "sale", order, walk.now)
    with pytest.raises(UnknownCampaignError, match="no campaign sail"):
        await steer(walk.database, walk.project_id, "sail", order, walk.now)
    await walk.launch("sale")
    await walk.come_to_rest()
    with pytest.raises(NotSteerableError, match=said):
        await steer(walk.database, walk.project_id, "sale", order, walk.now)


async def test_an_empty_audience_ends_at_once(walk: Walk, people: Cast) -> None:
    await walk.apply({**SALE, "audience": {"attribute": "city", "equals": "Nowhere"}})
    await walk.launch("sale")
    await walk.come_to_rest()
    progress = await walk.progress("sale")
    assert progress.run is not None
    assert (progress.run.state, progress.run.looked_at, progress.run.matched, progress.planned) == ("ended", 3, 0, 0)


async def test_a_project_without_customers_is_done_at_once(walk: Walk) -> None:
    await walk.apply(SALE)
    await walk.launch("sale")
    await walk.come_to_rest()
    assert state(await walk.progress("sale")) == "ended"


async def test_the_audience_looks_at_attributes_consents_and_events(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "purchase", total=10)
    await walk.track(people.carol, "purchase", total=10)
    audience = {"all": [{"consent": "whatsapp"}, {"event": "purchase", "since": "30 days"}]}
    await walk.apply({**SALE, "audience": audience})
    await walk.launch("sale")
    await walk.come_to_rest()
    assert [one["to"] for one in walk.sinch.bodies()] == [["421901000001"]]
    assert (await walk.progress("sale")).planned == 1


async def test_it_waits_for_its_start_and_its_messages_expire_from_then(walk: Walk, people: Cast) -> None:
    start = NOW.replace(hour=15)
    await walk.apply({**SALE, "start": start.isoformat(), "ttl": "1 hour"})
    await walk.launch("sale")
    await walk.come_to_rest()
    assert (walk.sinch.bodies(), state(await walk.progress("sale"))) == ([], "planning")
    walk.now = start
    while await walk.campaigns_move():
        pass
    await walk.later(hours=2)
    assert (await walk.progress("sale")).messages == {"expired": 1, "refused": 2}


async def test_who_comes_after_the_beginning_is_not_written_to(walk: Walk, people: Cast) -> None:
    await walk.apply(SALE)
    await walk.launch("sale")
    await walk.later(minutes=1)
    await walk.launch("sale")
    async with walk.database.transaction() as connection:
        ids = CustomerIds(hard={"registered": "late"}, soft={})
        await resolve_customers(connection, walk.project_id, [ids], NOW.replace(hour=13))
    await walk.come_to_rest()
    progress = await walk.progress("sale")
    assert progress.run is not None
    assert (progress.run.looked_at, progress.planned) == (3, 3)


async def test_a_template_that_is_deleted_in_the_middle_is_a_refusal(walk: Walk) -> None:
    await add_crowd(walk, 60)
    await walk.apply(SALE)
    await walk.launch("sale")
    for _ in range(20):
        await walk.campaigns_move()
    text = {"type": "send_text", "text": "Hello"}
    await walk.apply({**SALE, "send": text})  # the run follows the version that was launched
    assert await delete_definition(walk.database, walk.project_id, "campaign", "spring-sale", walk.now)
    assert await delete_definition(walk.database, walk.project_id, "template", "spring_sale.en", walk.now)
    await walk.come_to_rest()
    progress = await walk.progress("sale")
    assert (progress.messages, {one.code for one in progress.reasons}) == ({"refused": 60}, {"template_unknown"})


async def test_a_campaign_holds_on_to_its_template(walk: Walk) -> None:
    await walk.apply(SALE)
    with pytest.raises(Exception, match=r"campaign sale: send.template: there is no template spring_sale"):
        await delete_definition(walk.database, walk.project_id, "template", "spring_sale.en", walk.now)


async def test_names_of_all_kinds_arrive_as_they_are(walk: Walk) -> None:
    names = ["נועה", "علي", "👩‍👩‍👧 Jana", "A\u202eB", 'O\'Hara "The" {{ 1 }}']
    who = (await add_crowd(walk, len(names), names))[0]
    title = " ".join(names).replace("\u202e", "")  # a customer may be called so, a definition may not
    await walk.apply({**SALE, "name": "names", "title": title})
    run = await walk.launch("names")
    await walk.come_to_rest()
    assert sorted(one["message"]["body_params"][0] for one in walk.sinch.bodies()) == sorted(names)
    told = [one for one in await walk.events(who) if one.get("run_id") == str(run.id)]
    assert {one["campaign_name"] for one in told} == {title}

"""WhatsApp finds a free text outside the window: its template follows, once, through the policy, with its own money."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from parley.cli.why import story
from parley.providers.http import HttpClient
from parley.services.deliver_messages import Delivery
from parley.services.explain_message import Explanation, explain_message
from parley.services.fall_back import FRESH, fall_back
from parley.services.receive_callbacks import Callback
from parley.services.steer_campaigns import Order, steer
from tests.simulator.desk import Desk, open_desk
from tests.simulator.shop import Shop, open_shop
from tests.support.builders import Cast, add_customer, consent_event
from tests.walks.test_campaigns import SEND, add_crowd
from tests.walks.test_cheapest import BOTH, UTILITY, alice_writes, sent, service_used_up
from tests.walks.test_costs import MARKETING, SLOVAK, entries, launch, settings, sums
from tests.walks.test_stops import failed
from tests.walks.walk import Walk, inbound, status

REFUSED = "131047"
QUICK = [{"type": "QUICK_REPLY", "text": "Stop offers"}]


async def refused_text(walk: Walk, *more: dict[str, Any]) -> None:
    """Alice's window is open as far as we know; her text leaves, and WhatsApp finds it outside."""
    await alice_writes(walk)
    await launch(walk, MARKETING, BOTH, *more)
    assert sent(walk) == ["text"]
    await walk.call_back(failed(REFUSED, walk.now))


async def fallen_back(walk: Walk) -> int:
    """A worker looks, and what it plans leaves."""
    planned = await fall_back(walk.database, walk.now)
    await walk.come_to_rest()
    return planned


async def why(walk: Walk, said_id: str) -> Explanation:
    return await explain_message(walk.database, said_id, walk.now, walk.project_id)


async def test_the_template_follows_once(walk: Walk, people: Cast) -> None:
    await refused_text(walk)
    assert await fallen_back(walk) == 1
    assert sent(walk) == ["text", "template"]
    await walk.call_back(failed(REFUSED, walk.now + timedelta(seconds=1)))
    assert await fallen_back(walk) == 0
    assert sent(walk) == ["text", "template"]
    assert await walk.states(people.alice, "text") == ["queued", "accepted", "failed"]
    assert await walk.states(people.alice, "template") == ["queued", "accepted"]


async def test_the_money_of_each_is_its_own(walk: Walk, people: Cast) -> None:
    await service_used_up(walk)
    await refused_text(walk)
    assert (await sums(walk.database))["reserved"] == 0
    walk.now += timedelta(minutes=1)
    await fallen_back(walk)
    assert (await entries(walk.database))[2:] == [("reserve", SLOVAK, 0)]
    await walk.call_back(status("SINCH-2-0", "delivered", walk.now + timedelta(seconds=1)))
    assert await sums(walk.database) == {"reserved": 0, "spent": SLOVAK, "saved": 0}


async def test_the_events_and_why_tell_of_each_other(walk: Walk, people: Cast) -> None:
    await refused_text(walk)
    await fallen_back(walk)
    text, template = await why(walk, "SINCH-1-0"), await why(walk, "SINCH-2-0")
    assert (text.followed_by, template.in_place_of) == (str(template.message.id), str(text.message.id))
    told = [one for one in await walk.events(people.alice) if "kind" in one]
    assert [one.get("falls_back_to") for one in told if one["status"] == "failed"] == ["spring_sale"]
    assert {one.get("in_place_of") for one in told if one["kind"] == "template"} == {str(text.message.id)}
    assert f"its template was planned in its place: {template.message.id}" in "\n".join(story(text))
    assert f"in place of the free text {text.message.id}" in "\n".join(story(template))
    first, *more = story(text)
    assert first == f"text {text.message.id} to +421901000001: failed"
    assert "  yes   address_usable  recipient +421901000001" in more
    assert text.message.origin == template.message.origin


async def test_values_are_final_and_never_read_as_a_template_again(walk: Walk, people: Cast) -> None:
    odd = await add_customer(
        walk.database, walk.project, "odd", {"phone": "+421901000009", "first_name": "{{ 7 * 7 }}"}
    )
    await walk.track(odd, "consent", **consent_event(odd, "accept").properties)
    await walk.call_back(inbound("421901000009", "hi", walk.now))
    await launch(walk, MARKETING, BOTH)
    await walk.call_back(*(failed(REFUSED, walk.now, f"SINCH-{number}-0") for number in (1, 2, 3)))
    walk.sinch.requests.clear()
    await fallen_back(walk)
    (body,) = walk.sinch.bodies()
    assert body["message"]["body_params"] == ["{{ 7 * 7 }}"]


async def test_several_workers_plan_one(walk: Walk, people: Cast) -> None:
    await refused_text(walk)
    planned = await asyncio.gather(*(fall_back(walk.database, walk.now) for _ in range(5)))
    await walk.come_to_rest()
    assert (sum(planned), sent(walk)) == (1, ["text", "template"])


async def test_the_policy_is_asked_again(walk: Walk, people: Cast) -> None:
    await refused_text(walk)
    await walk.track(people.alice, "consent", **consent_event(people.alice, "reject").properties)
    await fallen_back(walk)
    assert sent(walk) == ["text"]
    assert await walk.states(people.alice, "template") == ["refused"]
    assert await entries(walk.database) == []


async def test_a_gone_budget_holds_it_back(walk: Walk, people: Cast) -> None:
    await settings(walk, budgets=[{"limit": "0", "per": "day"}])
    await refused_text(walk)
    await fallen_back(walk)
    assert (sent(walk), await walk.states(people.alice, "template")) == (["text"], ["planned"])


@pytest.mark.parametrize(("writes_again", "state"), [(False, "planned"), (True, "accepted")])
async def test_the_window_counts_as_closed_until_the_customer_writes_again(
    walk: Walk, people: Cast, state: str, *, writes_again: bool
) -> None:
    """Answers to whoever has just written are excepted from the quiet hours: so the text left."""
    quiet = {"spans": [{"from": "12:30", "to": "16:30"}], "except": {"replies_minutes": 60}}
    await walk.apply({"kind": "settings", "quiet_hours": quiet})
    await refused_text(walk)
    walk.now += timedelta(minutes=10)
    if writes_again:
        await alice_writes(walk, message_id="IN-2")
    await fallen_back(walk)
    assert (await walk.states(people.alice, "template"))[-1] == state


async def test_a_paused_campaign_waits_and_a_cancelled_one_is_over(walk: Walk, people: Cast) -> None:
    await alice_writes(walk)
    await walk.apply(MARKETING, BOTH)
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass
    await walk.delivery.step()
    await walk.delivery.finish()
    await walk.call_back(failed(REFUSED, walk.now))
    await walk.database.run(
        lambda connection: connection.execute("UPDATE campaign_runs SET state='paused', ended_at=NULL")
    )
    assert await fallen_back(walk) == 0
    await steer(walk.database, walk.project_id, "sale", Order.CANCEL, walk.now)
    assert await fallen_back(walk) == 0
    assert sent(walk) == ["text"]


async def test_what_was_refused_long_ago_or_has_expired_is_followed_by_nothing(walk: Walk, people: Cast) -> None:
    await refused_text(walk)
    walk.now += FRESH
    assert await fallen_back(walk) == 0
    await walk.call_back(inbound("421901000001", "hi", walk.now, "IN-2"))
    await launch(walk, {**BOTH, "ttl": "1 hour"})
    await walk.call_back(failed(REFUSED, walk.now, "SINCH-2-0"))
    walk.now += timedelta(hours=1)
    assert (await fallen_back(walk), sent(walk)) == (0, ["text", "text"])


@pytest.mark.parametrize("code", ["131026", "131050", "131000"])
async def test_other_refusals_are_followed_by_nothing(walk: Walk, people: Cast, code: str) -> None:
    await alice_writes(walk)
    await launch(walk, MARKETING, BOTH)
    await walk.call_back(failed(code, walk.now))
    assert (await fallen_back(walk), sent(walk)) == (0, ["text"])


async def test_a_template_that_waits_is_not_sent_when_the_text_has_arrived_after_all(walk: Walk, people: Cast) -> None:
    await refused_text(walk)
    await fall_back(walk.database, walk.now)
    await walk.call_back(status("SINCH-1-0", "delivered", walk.now))
    await walk.come_to_rest()
    assert sent(walk) == ["text"]
    assert await walk.states(people.alice, "template") == ["queued", "cancelled"]
    assert (await sums(walk.database))["reserved"] == 0


async def _again(walk: Walk, number: int, _: UUID) -> None:
    await walk.call_back(failed(REFUSED, walk.now, f"SINCH-{number}-0"))


async def _arrived(walk: Walk, number: int, _: UUID) -> None:
    await walk.call_back(status(f"SINCH-{number}-0", "delivered", walk.now))


async def _stop(walk: Walk, _: int, customer_id: UUID) -> None:
    await walk.track(customer_id, "consent", **consent_event(customer_id, "reject").properties)


async def _look(walk: Walk, _: int, __: UUID) -> None:
    await fall_back(walk.database, walk.now)


async def _crash(walk: Walk, _: int, __: UUID) -> None:
    """A worker dies before its transaction is committed."""
    with pytest.raises(ConnectionResetError):
        await walk.database.run(_broken(walk))


def _broken(walk: Walk) -> Callable[[Any], Awaitable[None]]:
    async def work(connection: Any) -> None:
        await connection.execute('UPDATE messages SET content = content || \'{"followed_by": "nobody"}\'')
        raise ConnectionResetError

    return work


HAPPENINGS: dict[str, Callable[[Walk, int, UUID], Awaitable[None]]] = {
    "said again": _again,
    "arrived": _arrived,
    "stop": _stop,
    "a worker looks": _look,
    "a worker dies": _crash,
}


async def test_in_no_order_of_events_is_it_sent_twice(walk: Walk) -> None:
    """Of every choice of three: exactly one template leaves, unless the customer stopped or the text has arrived."""
    asked = {"id": "go", "type": "on_event", "event": "go", "next": "send"}
    send = {"id": "send", **SEND, "free_text": "Everything is cheaper."}
    scenario = {"kind": "scenario", "name": "go", "settings": {"consent_category": "whatsapp"}, "nodes": [asked, send]}
    await walk.apply(UTILITY, scenario)
    for number, order in enumerate(permutations(HAPPENINGS, 3), start=1):
        phone = f"421902{number:06}"
        customer = await add_customer(walk.database, walk.project, phone, {"phone": f"+{phone}", "first_name": "Jana"})
        await walk.track(customer, "consent", **consent_event(customer, "accept").properties)
        await walk.call_back(inbound(phone, "hi", walk.now, f"IN-{number}"))
        await walk.track(customer, "go")
        await walk.come_to_rest()
        text = len(walk.sinch.bodies())
        await walk.call_back(failed(REFUSED, walk.now, f"SINCH-{text}-0"))
        for happening in order:
            await HAPPENINGS[happening](walk, text, customer)
        await fallen_back(walk)
        left = [one["message"]["type"] for one in walk.sinch.bodies()[text:]]
        assert left == ([] if {"arrived", "stop"} & set(order) else ["template"]), order
    standing = await sums(walk.database)
    assert standing["reserved"] == Decimal("0.0212") * Counter(sent(walk))["template"]


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with open_desk("--chaos", "off", "--delays", "0.01") as running:
        yield running


@pytest.fixture
async def real(walk: Walk) -> AsyncIterator[HttpClient]:
    async with HttpClient() as wire:
        yield wire


async def test_a_real_sinch_finds_texts_outside_the_window_and_delivers_the_templates(
    walk: Walk, desk: Desk, real: HttpClient
) -> None:
    """The customers have written, as far as we know; WhatsApp never heard of it. Every report comes twice."""
    app = {name: desk.app[name] for name in ("project_id", "app_id", "key_id", "key_secret")}
    at = {"base_url": desk.url, "auth_url": f"{desk.url}/oauth2/token"}
    await walk.apply(
        {
            "kind": "integration",
            "name": "shop-whatsapp",
            "api": "sinch_conversation",
            "account": {**app, **at},
            "limits": {"messages_per_second": None},
        }
    )
    walk.delivery = Delivery(walk.database, walk.box, real, lambda: walk.now, lambda: 0.5)
    desk.sim("templates", {"name": "spring_sale", "body": MARKETING["body"]["text"], "buttons": QUICK})
    crowd = await add_crowd(walk, 20)
    for number in range(20):
        await walk.call_back(inbound(f"4219020{number:05}", "hi", walk.now, f"IN-{number}"))
    with open_shop() as shop:
        desk.sim("webhooks", {"url": f"{shop.url}/conversation"})
        desk.sim("faults", {"kind": "duplicate", "times": 0})
        await launch(walk, MARKETING, BOTH)
        await hear(walk, shop, 20, "FAILED")
        assert await fallen_back(walk) == 20
        await hear(walk, shop, 20, "DELIVERED")
    assert desk.sim("journal/counts?by=our_id&at_least=2")["counts"] == {}
    assert len(desk.sim("journal/counts?by=our_id")["counts"]) == 40
    for customer in crowd:
        assert (await walk.states(customer, "text"))[-1] == "failed"
        assert "delivered" in await walk.states(customer, "template")
    assert (await walk.progress("sale")).messages == {"failed": 20, "delivered": 20}
    assert await sums(walk.database) == {"reserved": 0, "spent": 20 * SLOVAK, "saved": 0}


async def hear(walk: Walk, shop: Shop, count: int, wanted: str) -> None:
    """Callbacks, until so many messages were reported as wanted."""
    reported: set[str] = set()
    while len(reported) < count:
        heard = shop.next()
        admitted = await walk.judged(heard.headers, heard.raw)
        assert isinstance(admitted, Callback), admitted
        await walk.receive([admitted])
        report = heard.body.get("message_delivery_report", {})
        reported |= {report["message_id"]} if report.get("status") == wanted else set()

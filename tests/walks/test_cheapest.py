"""The cheapest legal form of a message: free text while the window is open, else the template; picked as it leaves."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from parley.domain.http import HttpResponse
from parley.services.explain_message import explain_message
from parley.services.steer_campaigns import Order, steer
from parley.services.stopping import release_a_template
from parley.store.stops import Stop, put_stop
from tests.support.builders import NOW, Cast, consent_event
from tests.walks.test_campaigns import SALE, SEND
from tests.walks.test_costs import MARKETING, SLOVAK, entries, launch, settings, sums, told
from tests.walks.walk import Walk, inbound, status

BOTH = {**SALE, "send": {**SEND, "free_text": "Hello {{ customer.first_name }}, everything is cheaper."}}
UTILITY = {**MARKETING, "category": "UTILITY"}
SERVICE = Decimal("0.0212")


def sent(walk: Walk) -> list[Any]:
    return [one["message"]["type"] for one in walk.sinch.bodies()]


async def alice_writes(walk: Walk, ago: float = 0, message_id: str = "IN-1") -> None:
    await walk.call_back(inbound("421901000001", "hi", walk.now - timedelta(hours=ago), message_id))


async def service_used_up(walk: Walk) -> None:
    """From here on free text costs what the market's utility costs."""
    async with walk.database.transaction() as connection:
        await connection.execute("INSERT INTO cost_counters VALUES ('account:shop-bot', 'service', '2026-11-01', 1000)")


async def _planned(walk: Walk) -> None:
    """The campaign in both forms; its messages are in the queue."""
    await walk.apply(MARKETING, BOTH)
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass


@pytest.mark.parametrize(("ago", "type_", "spent"), [(1, "text", "0"), (25, "template", "0.0860")])
async def test_free_text_leaves_while_the_window_is_open_else_the_template(
    walk: Walk, people: Cast, ago: float, type_: str, spent: str
) -> None:
    await alice_writes(walk, ago)
    await launch(walk, MARKETING, BOTH)
    assert sent(walk) == [type_]
    await walk.call_back(status("SINCH-1-0", "delivered", walk.now))
    saved = SLOVAK if type_ == "text" else 0
    assert await sums(walk.database) == {"reserved": 0, "spent": Decimal(spent), "saved": saved}


async def test_the_text_is_personal_and_the_event_says_what_left(walk: Walk, people: Cast) -> None:
    await alice_writes(walk)
    await launch(walk, MARKETING, BOTH)
    (body,) = walk.sinch.bodies()
    assert "Hello Alice, everything is cheaper." in str(body)
    assert await walk.states(people.alice, "text") == ["queued", "accepted"]
    assert await walk.states(people.alice, "template") == []


async def test_a_window_that_opens_while_it_waits_is_used(walk: Walk, people: Cast) -> None:
    await _planned(walk)
    assert await entries(walk.database) == [("reserve", SLOVAK, 0)]
    walk.now += timedelta(minutes=1)
    await alice_writes(walk)
    await walk.come_to_rest()
    assert sent(walk) == ["text"]
    assert await entries(walk.database) == [("reserve", SLOVAK, 0), ("release", -SLOVAK, 0)]


async def test_a_window_that_closes_while_it_waits_is_not(walk: Walk, people: Cast) -> None:
    await alice_writes(walk, 23)
    await _planned(walk)
    await steer(walk.database, walk.project_id, "sale", Order.PAUSE, walk.now)
    await walk.later(hours=2)
    await steer(walk.database, walk.project_id, "sale", Order.RESUME, walk.now)
    await walk.come_to_rest()
    assert sent(walk) == ["template"]
    assert await entries(walk.database) == [("reserve", SLOVAK, 0)]


async def test_a_text_that_turns_into_its_template_does_not_overtake_the_opt_in(walk: Walk, people: Cast) -> None:
    await alice_writes(walk, 23)
    await _planned(walk)
    assert await walk.states(people.alice, "text") == ["queued"]
    walk.now += timedelta(hours=2)
    await walk.track(people.alice, "consent", **consent_event(people.alice, "accept").properties)
    await walk.plan()
    walk.sinch.script.append(HttpResponse(503, (), b"{}"))
    await walk.delivery.step()
    await walk.delivery.finish()
    assert sent(walk) == []
    assert "consent_upload_pending" in [one.get("code") for one in await walk.events(people.alice)]
    await walk.later(minutes=1)
    assert sent(walk) == ["template"]


async def test_a_text_that_has_to_wait_for_its_template_leaves_when_that_is_released(walk: Walk, people: Cast) -> None:
    await alice_writes(walk, 23)
    await _planned(walk)
    assert await walk.states(people.alice, "text") == ["queued"]
    stop = Stop("shop-whatsapp", "paused", "It is paused.", "spring_sale.en")
    async with walk.database.transaction() as connection:
        assert await put_stop(connection, walk.project_id, stop, walk.now, walk.now)
    await walk.later(hours=2)
    assert (await walk.states(people.alice))[-1] == "planned"
    await release_a_template(walk.database, walk.project_id, "spring_sale.en", walk.now)
    await walk.come_to_rest()
    assert sent(walk) == ["template"]


async def test_what_is_tried_again_picks_again(walk: Walk, people: Cast) -> None:
    await alice_writes(walk, 23)
    await walk.apply(MARKETING, BOTH)
    walk.sinch.script.append(HttpResponse(503, (), b"{}"))
    await launch(walk)
    await walk.later(hours=2)
    assert sent(walk) == ["text", "template"]
    assert (await sums(walk.database))["reserved"] == SLOVAK


@pytest.mark.parametrize("template", [MARKETING, UTILITY], ids=["dearer", "as dear"])
async def test_beyond_the_free_ones_the_text_still_leaves_when_it_is_no_dearer(
    walk: Walk, people: Cast, template: dict[str, Any]
) -> None:
    await service_used_up(walk)
    await alice_writes(walk)
    await launch(walk, template, BOTH)
    assert sent(walk) == ["text"]
    ((saved,),) = await told(walk.database, "saved")
    assert saved == 0, "a reservation has saved nothing yet"
    await walk.call_back(status("SINCH-1-0", "delivered", walk.now + timedelta(seconds=1)))
    spared = SLOVAK - SERVICE if template is MARKETING else Decimal(0)
    assert await sums(walk.database) == {"reserved": 0, "spent": SERVICE, "saved": spared}


async def test_a_template_that_is_cheaper_leaves_in_an_open_window(walk: Walk, people: Cast) -> None:
    await service_used_up(walk)
    rates = {"Rest of Central & Eastern Europe": {"marketing": "0.01", "service": "0.02"}}
    card = {"name": "other", "currency": "USD", "valid_from": "2026-11-01", "source": "Meta", "rates": rates}
    await alice_writes(walk)
    await launch(walk, MARKETING, BOTH, {"kind": "rate_card", **card})
    assert sent(walk) == ["template"]


async def test_whoever_never_agreed_but_has_just_written_gets_the_text(walk: Walk, people: Cast) -> None:
    await walk.call_back(inbound("421901000003", "hi", walk.now, "IN-3"))
    await launch(walk, MARKETING, BOTH)
    left = {one["to"][0]: one["message"]["type"] for one in walk.sinch.bodies()}
    assert left == {"421901000001": "template", "421901000003": "text"}
    assert (await walk.progress("sale")).messages == {"accepted": 2, "refused": 1}


async def test_a_gone_budget_holds_back_the_template_and_not_the_free_text(walk: Walk, people: Cast) -> None:
    await settings(walk, budgets=[{"limit": "0", "per": "day"}])
    await launch(walk, MARKETING, BOTH)
    assert (sent(walk), (await walk.progress("sale")).messages) == ([], {"planned": 1, "refused": 2})
    await alice_writes(walk)
    walk.now = NOW + timedelta(hours=12)  # the next day's budget is gone, too
    await walk.come_to_rest()
    assert sent(walk) == ["text"]


async def test_why_tells_what_was_saved(walk: Walk, people: Cast) -> None:
    await alice_writes(walk)
    await launch(walk, MARKETING, BOTH)
    found = await explain_message(walk.database, "SINCH-1-0", walk.now)
    assert found.message.kind == "text"
    assert found.message.quote is not None
    assert (found.message.quote["saved"], found.message.quote["category"]) == ("0.0860", "service")

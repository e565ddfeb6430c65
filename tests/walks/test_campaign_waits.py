"""What a campaign did cost so far, and for what its messages wait, as `parley campaign show` tells it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from parley.cli.doctor import story
from parley.domain.http import HttpResponse
from parley.providers.http import NotSentError
from parley.services.doctor import Releaser
from parley.services.show_campaigns import plain_view
from parley.services.steer_campaigns import Order, steer
from parley.store.doctor import What
from parley.store.stops import Stop, put_stop
from tests.support.builders import Cast
from tests.walks.test_campaigns import SALE, add_crowd
from tests.walks.walk import LEGACY, Walk, status


async def _planned(walk: Walk, *definitions: Any) -> None:
    """Launched, and its messages are in the queue."""
    await walk.apply(SALE, *definitions)
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass


async def _waits(walk: Walk) -> list[tuple[Releaser, What, int]]:
    return [(one.waits_for, one.what, one.waiting.count) for one in (await walk.shown("sale")).waits]


async def test_money_is_set_aside_then_spent(walk: Walk, people: Cast) -> None:
    await _planned(walk)
    await walk.come_to_rest()
    (planned,) = (await walk.shown("sale")).costs
    assert (planned.currency, planned.spent) == ("USD", Decimal(0))
    assert planned.reserved > 0
    await walk.call_back(status("SINCH-1-0", "delivered", walk.now))
    (paid,) = (await walk.shown("sale")).costs
    assert (paid.reserved, paid.spent, paid.unpriced) == (Decimal(0), planned.reserved, 0)


async def test_only_the_last_run_s_money_counts(walk: Walk, people: Cast) -> None:
    for number in (1, 2):
        await _planned(walk)
        await walk.come_to_rest()
        (costs,) = (await walk.shown("sale")).costs
        assert costs.spent == 0
        await walk.call_back(status(f"SINCH-{number}-0", "delivered", walk.now))
        await walk.later(minutes=1)


async def test_a_campaign_that_waits_for_nothing_says_nothing(walk: Walk, people: Cast) -> None:
    await _planned(walk)
    await walk.come_to_rest()
    assert await _waits(walk) == []


async def test_a_worker_has_yet_to_take_them(walk: Walk, people: Cast) -> None:
    await _planned(walk)
    assert await _waits(walk) == [(Releaser.WORKER, What.MESSAGES_DUE, 1)]


async def test_only_its_own_messages_are_told(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.plan()
    await _planned(walk)
    assert await _waits(walk) == [(Releaser.WORKER, What.MESSAGES_DUE, 1)]


async def test_a_limit_of_the_sender_paces_them(walk: Walk) -> None:
    await add_crowd(walk, 3)
    await _planned(walk, LEGACY | {"limits": {"messages_per_second": 0.01}})
    for _ in range(2):
        await walk.delivery.step()
    await walk.delivery.finish()
    assert await _waits(walk) == [(Releaser.CLOCK, What.MESSAGES_PACED, 2)]


async def test_quiet_hours_put_them_off(walk: Walk, people: Cast) -> None:
    quiet = {"kind": "settings", "name": "project", "quiet_hours": {"spans": [{"from": "10:00", "to": "16:00"}]}}
    await walk.apply(quiet)
    await walk.judge_anew()
    await _planned(walk)
    (found,) = (await walk.shown("sale")).waits
    assert (found.what, found.waiting.code) == (What.MESSAGES_DEFERRED, "quiet_hours")
    assert found.waiting.until is not None


async def test_a_full_tier_puts_them_off(walk: Walk) -> None:
    await add_crowd(walk, 3)
    await _planned(walk, LEGACY | {"limits": {"messages_per_second": None, "tier": 2}})
    await walk.come_to_rest()
    (found,) = (await walk.shown("sale")).waits
    assert (found.what, found.waiting.code, found.waiting.count) == (What.MESSAGES_DEFERRED, "recipient_tier", 1)


async def test_a_pause_is_the_operator_s(walk: Walk, people: Cast) -> None:
    await _planned(walk)
    await steer(walk.database, walk.project_id, "sale", Order.PAUSE, walk.now)
    await walk.come_to_rest()
    assert await _waits(walk) == [(Releaser.OPERATOR, What.CAMPAIGNS_PAUSED, 1)]
    told, since, *_ = story((await walk.shown("sale")).waits)
    assert told == "operator  campaign paused (sale), 1 message waiting"
    assert "project" not in since


async def test_a_stopped_sender_holds_them(walk: Walk, people: Cast) -> None:
    await _planned(walk)
    async with walk.database.transaction() as connection:
        stop = Stop("shop-whatsapp", "unauthorized", "The key is refused.")
        await put_stop(connection, walk.project_id, stop, walk.now, walk.now)
    assert await _waits(walk) == [(Releaser.OPERATOR, What.MESSAGES_HELD, 1)]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (NotSentError("refused"), "unreachable"),
        (HttpResponse(429, (("retry-after", "600"),), b"{}"), "rate_limited"),
    ],
)
async def test_a_provider_that_is_away_or_asks_to_wait_puts_them_off(
    walk: Walk, people: Cast, answer: HttpResponse | Exception, code: str
) -> None:
    walk.sinch.script.append(answer)
    await _planned(walk)
    await walk.delivery.step()
    await walk.delivery.finish()
    (found,) = (await walk.shown("sale")).waits
    assert (found.what, found.waiting.code) == (What.MESSAGES_DEFERRED, code)
    assert found.waiting.sentence


async def test_a_campaign_that_begins_later_says_when(walk: Walk, people: Cast) -> None:
    await walk.apply(SALE | {"start": (walk.now + timedelta(hours=3)).isoformat()})
    await walk.launch("sale")
    (found,) = (await walk.shown("sale")).waits
    assert (found.what, found.waiting.until) == (What.CAMPAIGNS_SCHEDULED, walk.now + timedelta(hours=3))


async def test_another_campaign_s_waiting_is_its_own(walk: Walk, people: Cast) -> None:
    await _planned(walk)
    await walk.come_to_rest()
    await walk.apply(SALE | {"name": "other", "start": (walk.now + timedelta(hours=3)).isoformat()})
    await walk.launch("other")
    assert await _waits(walk) == []


async def test_as_json_it_is_one_flat_line_each(walk: Walk, people: Cast) -> None:
    await _planned(walk)
    told = plain_view(await walk.shown("sale"))
    assert (told["name"], told["planned"], told["costs"][0]["currency"]) == ("sale", 3, "USD")
    assert (told["waits"][0]["what"], told["waits"][0]["count"]) == ("messages_due", 1)
    assert "worker" in told["waits"][0]["remedy"]

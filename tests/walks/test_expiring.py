"""A message does not outlive its `ttl`, also where no claim looks at it, and its money is free again then."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from parley.domain.http import HttpResponse
from parley.services.expire_messages import expire_messages
from parley.services.plan_messages import REPLY_PRIORITY
from parley.services.steer_campaigns import Order, steer
from tests.support.builders import Cast
from tests.walks.test_campaigns import SALE, add_crowd
from tests.walks.walk import Walk

REFUSED = 2
"""Bob and Carol."""


async def _planned(walk: Walk, *answers: HttpResponse, **more: Any) -> None:
    await walk.apply({**SALE, "ttl": "1 hour", **more})
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass
    walk.sinch.script.extend(answers)


async def _paused(walk: Walk, **more: Any) -> None:
    await _planned(walk, **more)
    await steer(walk.database, walk.project_id, "sale", Order.PAUSE, walk.now)
    await walk.come_to_rest()


async def _reserved(walk: Walk) -> Decimal:
    (costs,) = (await walk.shown("sale")).costs
    return costs.reserved


def _answer(status: int, seconds: int) -> HttpResponse:
    return HttpResponse(status, (("retry-after", str(seconds)),), b"{}")


async def test_what_a_pause_put_aside_expires(walk: Walk, people: Cast) -> None:
    await _paused(walk)
    await walk.later(minutes=59)
    assert (await walk.progress("sale")).messages == {"planned": 1, "refused": REFUSED}
    assert await _reserved(walk) > 0
    await walk.later(minutes=1)
    assert (await walk.progress("sale")).messages == {"expired": 1, "refused": REFUSED}
    assert await _reserved(walk) == 0
    (event,) = [one for one in await walk.events(people.alice) if one["status"] == "expired"]
    assert event["code"] == "expired"


async def test_what_a_pause_put_aside_without_a_ttl_waits_for_ever(walk: Walk, people: Cast) -> None:
    await _paused(walk, ttl=None)
    await walk.later(days=300)
    assert (await walk.progress("sale")).messages == {"planned": 1, "refused": REFUSED}


@pytest.mark.parametrize("status", [429, 503])
async def test_a_provider_that_asks_for_a_longer_wait_does_not_keep_it(walk: Walk, people: Cast, status: int) -> None:
    await _planned(walk, _answer(status, 80_000))
    await walk.come_to_rest()
    await walk.later(minutes=59)
    assert (await walk.progress("sale")).messages == {"queued": 1, "refused": REFUSED}
    await walk.later(minutes=1)
    assert (await walk.progress("sale")).messages == {"expired": 1, "refused": REFUSED}
    assert await _reserved(walk) == 0
    assert len(walk.sinch.bodies()) == 1


async def test_what_waits_behind_a_held_sender_expires_too(walk: Walk) -> None:
    await add_crowd(walk, 3)
    await _planned(walk, *[_answer(429, 80_000)] * 3)
    await walk.come_to_rest()
    await walk.apply({**SALE, "name": "later", "ttl": "2 hours"})
    await walk.launch("later")
    await walk.later(minutes=90)
    assert (await walk.progress("sale")).messages == {"expired": 3}
    assert (await walk.progress("later")).messages == {"queued": 3}


async def test_a_sender_that_is_held_for_a_moment_is_left_to_its_claim(walk: Walk, people: Cast) -> None:
    await _planned(walk, _answer(429, 3_700))
    await walk.come_to_rest()
    await walk.later(minutes=60)
    assert (await walk.progress("sale")).messages == {"queued": 1, "refused": REFUSED}
    assert await expire_messages(walk.database, walk.now) == 0
    await walk.later(minutes=2)
    assert (await walk.progress("sale")).messages == {"expired": 1, "refused": REFUSED}


async def _held(walk: Walk) -> None:
    """One message, whose use is over."""
    await _planned(walk, _answer(429, 80_000))
    await walk.come_to_rest()
    walk.now += timedelta(hours=1)


async def test_a_reply_behind_a_held_sender_expires_too(walk: Walk, people: Cast) -> None:
    await _held(walk)
    async with walk.database.connection() as connection:
        await connection.execute("UPDATE messages SET priority = $1", REPLY_PRIORITY)
    assert await expire_messages(walk.database, walk.now) == 1


async def test_one_that_somebody_holds_keeps_nobody_waiting(walk: Walk, people: Cast) -> None:
    await _held(walk)
    async with walk.database.rehearsal() as connection, asyncio.timeout(10):
        await connection.execute("SELECT FROM messages FOR UPDATE")
        assert await expire_messages(walk.database, walk.now) == 0
    assert await expire_messages(walk.database, walk.now) == 1


async def test_one_of_a_paused_campaign_that_somebody_holds_keeps_nobody_waiting(walk: Walk, people: Cast) -> None:
    await _paused(walk)
    walk.now += timedelta(hours=1)
    async with walk.database.rehearsal() as connection, asyncio.timeout(10):
        await connection.execute("SELECT FROM messages FOR UPDATE")
        assert await expire_messages(walk.database, walk.now) == 0
    assert await expire_messages(walk.database, walk.now) == 1

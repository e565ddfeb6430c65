"""The clock is set an hour forward or back in the middle of a message's life: nothing is lost, nothing is sent twice.

The clock is handed in; a step is what a machine's clock does when a person or a time server corrects it. All processes
of a walk share it, and a second worker looks for lost messages right after every step.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from parley.domain.http import HttpResponse
from parley.providers.http import UnansweredError
from parley.services.deliver_messages import Delivery
from tests.support.builders import Cast
from tests.walks.walk import Walk, status

STEPS = {"forward": timedelta(hours=1), "back": timedelta(hours=-1)}
FAULT = HttpResponse(500, (), msgspec.json.encode({"message": "500", "reason": "", "details": ""}))
TOO_FAST = HttpResponse(429, (("retry-after", "30"),), FAULT.body)
WAY_BACK = timedelta(hours=2)
"""More than a step: what was due before it is due again after it."""
step = pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)


async def _set_clock(walk: Walk, by: timedelta) -> None:
    walk.now += by
    await walk.delivery.recover()


async def _track(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")


async def _state(walk: Walk) -> str:
    async with walk.database.connection() as connection:
        state: str = await connection.fetchval("SELECT state FROM messages WHERE kind = 'template'")
        return state


async def _reported(walk: Walk) -> str:
    """Sinch, whose clock was right all the time, tells that it was delivered."""
    await walk.call_back(status(f"SINCH-{len(walk.sinch.bodies())}-0", "delivered", walk.now))
    return await _state(walk)


def _in_flight(walk: Walk, by: timedelta) -> Callable[[], Awaitable[None]]:
    async def happen() -> None:
        walk.sinch.before_answer = None
        await _set_clock(walk, by)

    return happen


@step
async def test_between_the_event_and_the_journey(walk: Walk, people: Cast, step: timedelta) -> None:
    await _track(walk, people)
    await _set_clock(walk, step)
    await walk.later(seconds=WAY_BACK.total_seconds())
    assert len(walk.sinch.bodies()) == 1
    assert await _reported(walk) == "delivered"


@step
async def test_while_it_waits_to_be_sent(walk: Walk, people: Cast, step: timedelta) -> None:
    await _track(walk, people)
    await walk.plan()
    await _set_clock(walk, step)
    await walk.later(seconds=WAY_BACK.total_seconds())
    assert len(walk.sinch.bodies()) == 1
    assert await _reported(walk) == "delivered"


@step
async def test_while_it_is_sent(walk: Walk, people: Cast, step: timedelta) -> None:
    """Forward, its lease is over before its answer comes: the answer counts all the same."""
    walk.sinch.before_answer = _in_flight(walk, step)
    await _track(walk, people)
    await walk.come_to_rest()
    assert await _state(walk) == "accepted"
    await walk.later(seconds=WAY_BACK.total_seconds())
    assert len(walk.sinch.bodies()) == 1
    assert await _reported(walk) == "delivered"


async def test_forward_while_a_call_fails_tries_again(walk: Walk, people: Cast) -> None:
    """Its lease is over, but nobody has tried since: who made the last try knows that it was not accepted."""
    walk.sinch.before_answer = _in_flight(walk, STEPS["forward"])
    walk.sinch.script.append(FAULT)
    await _track(walk, people)
    await walk.come_to_rest()
    await walk.later(minutes=1)
    assert await _state(walk) == "accepted"
    assert len(walk.sinch.bodies()) == 2


async def test_back_while_a_call_fails_tries_again(walk: Walk, people: Cast) -> None:
    walk.sinch.before_answer = _in_flight(walk, STEPS["back"])
    walk.sinch.script.append(FAULT)
    await _track(walk, people)
    await walk.come_to_rest()
    await walk.later(minutes=1)
    assert await _state(walk) == "accepted"
    assert len(walk.sinch.bodies()) == 2


@step
@pytest.mark.parametrize("refusal", [FAULT, TOO_FAST], ids=["after a fault", "after too many"])
async def test_before_it_is_tried_again(walk: Walk, people: Cast, step: timedelta, refusal: HttpResponse) -> None:
    """Back, it waits until the clock has come to where it was: late, and once."""
    walk.sinch.script.append(refusal)
    await _track(walk, people)
    await walk.come_to_rest()
    await _set_clock(walk, step)
    await walk.later(seconds=WAY_BACK.total_seconds())
    await walk.later(seconds=WAY_BACK.total_seconds())
    assert len(walk.sinch.bodies()) == 2
    assert await _reported(walk) == "delivered"


@step
async def test_after_an_answer_that_was_lost(walk: Walk, people: Cast, step: timedelta) -> None:
    walk.sinch.before_answer = _in_flight(walk, step)
    walk.sinch.script.append(UnansweredError("cut"))
    await _track(walk, people)
    await walk.come_to_rest()
    await walk.later(days=1)
    assert await _state(walk) == "uncertain"
    assert len(walk.sinch.bodies()) == 1


@step
async def test_before_its_report_and_the_history_does_not_run_backwards(
    walk: Walk, people: Cast, step: timedelta
) -> None:
    await _track(walk, people)
    await walk.come_to_rest()
    await _set_clock(walk, step)
    assert await _reported(walk) == "delivered"
    assert (await walk.states(people.alice, "template"))[-2:] == ["accepted", "delivered"]
    times = await _times(walk)
    assert times == sorted(times)


async def _times(walk: Walk) -> list[Any]:
    async with walk.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT occurred_at FROM events WHERE type = 'campaign' AND properties->>'kind' = 'template' ORDER BY id"
        )
    return [row["occurred_at"] for row in rows]


@step
async def test_while_a_journey_waits(walk: Walk, people: Cast, step: timedelta) -> None:
    """An hour's wait ends an hour early or late, and once."""
    await walk.track(people.alice, "cart_update", product_list=["1"])
    await walk.come_to_rest()
    await _set_clock(walk, step)
    await walk.later(hours=3)
    await walk.later(hours=3)
    assert len(walk.sinch.bodies()) == 1


@pytest.mark.parametrize(("behind", "lost"), [(timedelta(seconds=1), False), (timedelta(hours=1), True)])
async def test_a_lease_by_a_clock_that_is_ahead(walk: Walk, people: Cast, behind: timedelta, lost: bool) -> None:
    """By a little it is another machine's; by an hour it is from before the clock was set back."""
    other = Delivery(walk.database, walk.box, walk.sinch, lambda: walk.now - behind, lambda: 0.5)

    async def look() -> None:
        await other.recover()

    walk.sinch.before_answer = look
    await _track(walk, people)
    await walk.come_to_rest()
    assert ("uncertain" in await walk.states(people.alice, "template")) == lost

"""The event that ends a try says when it left, whatever ended it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec
import pytest

from parley.cli.why import story
from parley.domain.http import HttpResponse
from parley.domain.message import State
from parley.presets import Renderer
from parley.providers.http import NotSentError, UnansweredError
from parley.services.claim_messages import claim_messages
from parley.services.explain_message import explain_message
from parley.services.move_messages import Change, move_messages
from parley.services.turns import Turns
from tests.support.builders import Cast
from tests.walks.walk import Walk

MOMENT = timedelta(seconds=2)
"""Between the claim and what ends the try."""
LONG = timedelta(minutes=5)
"""More than a lease."""


async def _plan(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.plan()


async def _told(walk: Walk, people: Cast) -> list[tuple[str, float | None]]:
    """Of each state: its name, and when the try left that ended so."""
    events = [one for one in await walk.events(people.alice) if one.get("kind") == "template"]
    return [(one["status"], one.get("sent_timestamp")) for one in events]


async def _send(walk: Walk, people: Cast, *, meanwhile: Callable[[], Awaitable[None]] | None = None) -> float:
    """One try. When it left, in seconds."""
    await _plan(walk, people)
    left = walk.now.timestamp()

    async def pass_time() -> None:
        walk.now += MOMENT
        if meanwhile:
            await meanwhile()

    walk.sinch.before_answer = pass_time
    await walk.delivery.step()
    await walk.delivery.finish()
    return left


def _answer(code: int) -> HttpResponse:
    return HttpResponse(code, (), msgspec.json.encode({"message": str(code), "reason": "", "details": ""}))


ENDS: dict[str, list[HttpResponse | Exception]] = {
    "accepted": [],
    "queued": [_answer(500)],
    "failed": [_answer(400)],
    "uncertain": [UnansweredError("cut")],
}


@pytest.mark.parametrize("state", ENDS)
async def test_by_its_answer(walk: Walk, people: Cast, state: str) -> None:
    walk.sinch.script.extend(ENDS[state])
    left = await _send(walk, people)
    assert await _told(walk, people) == [("queued", None), (state, left)]


async def test_a_try_that_reached_nobody_did_not_leave(walk: Walk, people: Cast) -> None:
    walk.sinch.script.append(NotSentError("no connection"))
    await _send(walk, people)
    assert await _told(walk, people) == [("queued", None), ("queued", None)]
    found = await explain_message(walk.database, (await walk.events(people.alice))[-1]["message_id"], walk.now)
    assert "left at" not in "".join(story(found))


async def test_each_try_by_its_own_time(walk: Walk, people: Cast) -> None:
    walk.sinch.script.append(_answer(500))
    first = await _send(walk, people)
    walk.sinch.before_answer = None
    walk.now += LONG
    second = walk.now.timestamp()
    await walk.come_to_rest()
    assert await _told(walk, people) == [("queued", None), ("queued", first), ("accepted", second)]


async def test_by_the_end_of_its_lease_and_the_late_answer_says_nothing_of_it(walk: Walk, people: Cast) -> None:
    async def lose() -> None:
        walk.now += LONG
        await walk.delivery.recover()

    left = await _send(walk, people, meanwhile=lose)
    assert await _told(walk, people) == [("queued", None), ("uncertain", left), ("accepted", None)]


async def test_by_a_report_that_came_first(walk: Walk, people: Cast) -> None:
    await _plan(walk, people)
    left = walk.now.timestamp()
    (call,), _ = await claim_messages(walk.database, walk.box, Renderer(), Turns(), walk.now)
    walk.now += MOMENT
    for state in (State.DELIVERED, State.READ):
        async with walk.database.transaction() as connection:
            await move_messages(connection, [Change(call.messages[0].id, state, walk.now)], walk.now)
    assert await _told(walk, people) == [("queued", None), ("delivered", left), ("read", None)]


async def test_why_tells_it(walk: Walk, people: Cast) -> None:
    await _send(walk, people)
    ident = (await walk.events(people.alice))[-1]["message_id"]
    found = await explain_message(walk.database, ident, walk.now)
    assert [(one.state, one.left_at) for one in found.states] == [("queued", None), ("accepted", walk.now - MOMENT)]
    told = list(story(found))
    assert any(line.endswith(f"accepted (left at {walk.now - MOMENT:%H:%M:%S})") for line in told), told


@pytest.mark.parametrize("said", ["yesterday", -1, 1e300, None, [], {}])
async def test_why_is_not_broken_by_what_a_client_says_of_it(walk: Walk, people: Cast, said: object) -> None:
    await _send(walk, people)
    ident = (await walk.events(people.alice))[-1]["message_id"]
    await walk.track(people.alice, "campaign", message_id=ident, status="sent", sent_timestamp=said)
    found = await explain_message(walk.database, ident, walk.now)
    assert [(one.state, one.left_at) for one in found.states][-1] == ("sent", None)

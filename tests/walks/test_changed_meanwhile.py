"""Definitions that change while a message is judged by the old ones: it does not wait for what the new ones allow."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import msgspec
import pytest

from parley.domain.identity import Merge
from parley.presets import Renderer
from parley.services.apply_definitions import delete_definition
from parley.services.claim_messages import claim_messages
from parley.services.merge_customers import merge_customers
from parley.services.registry import Origin, Said
from parley.services.steer_templates import set_status
from parley.services.stopping import release_a_sender, release_a_template
from parley.services.turns import Turns
from parley.store.database import Connection
from parley.store.lanes import Turn
from parley.store.stops import Stop, put_stop
from parley.templates import Status
from tests.support.builders import Cast
from tests.walks.crowd import CountingSinch, add_strangers, furnish, open_shop, queue
from tests.walks.test_judge_anew import ALL_DAY, settings
from tests.walks.test_merges import alice_again
from tests.walks.test_refusals import TEMPLATE, blunt
from tests.walks.walk import EXAMPLES, Walk, somebody_looks_who_judges

SECONDS = 20
QUIET, OPEN = settings(quiet_hours=ALL_DAY), settings()
NAME = "cart_reminder.en"
FILE = EXAMPLES / "cart-reminder.template.json"


async def _until(connection: Connection, condition: str) -> None:
    async with asyncio.timeout(SECONDS):
        while not await connection.fetchval(condition):  # noqa: ASYNC110  another connection
            await asyncio.sleep(0.01)


@asynccontextmanager
async def _met_by(walk: Walk, change: Awaitable[Any]) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Whoever judges within has done so by the old definitions, and has yet to write it, when `change` comes, which
    waits for nobody, and a worker after it, which looks who judges.
    """
    async with walk.database.transaction() as connection:
        await connection.execute("LOCK TABLE messages IN SHARE MODE")  # written last

        async def meet() -> None:
            judged = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'messages'::regclass"
            await _until(connection, judged)
            await asyncio.wait_for(change, SECONDS)
            anew = asyncio.ensure_future(walk.judge_anew())
            await somebody_looks_who_judges(walk)
            started.append(anew)

        started: list[asyncio.Future[Any]] = []
        yield meet
    await asyncio.gather(*started)
    await walk.judge_anew()  # a worker that had to wait for long has left it to the next


async def _last(walk: Walk, people: Cast) -> str:
    return (await walk.states(people.alice, "template"))[-1]


async def _waiting(walk: Walk) -> list[tuple[str, datetime]]:
    async with walk.database.connection() as connection:
        rows = await connection.fetch("SELECT outcome_code, due_at FROM messages WHERE state = 'planned'")
    return [tuple(row) for row in rows]


async def _all_due(walk: Walk) -> None:
    """Their hours are over by the clock, and begin again."""
    async with walk.database.transaction() as connection:
        await connection.execute("UPDATE messages SET due_at = $1 WHERE state = 'planned'", walk.now)


async def _quiet_message(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), QUIET)
    await walk.track(people.alice, "go")
    await walk.plan()


async def _applied(walk: Walk) -> None:
    await walk.apply(OPEN)


async def _deleted(walk: Walk) -> None:
    assert await delete_definition(walk.database, walk.project_id, "settings", "project", walk.now)


@pytest.mark.parametrize("change", [_applied, _deleted])
async def test_what_is_claimed_by_the_old_settings_is_due_by_the_new(
    walk: Walk, people: Cast, change: Callable[[Walk], Awaitable[None]]
) -> None:
    await _quiet_message(walk, people)
    await _all_due(walk)
    async with _met_by(walk, change(walk)) as meet:
        claiming = asyncio.create_task(walk.delivery.step())
        await meet()
    await claiming
    assert await _waiting(walk) == [("quiet_hours", walk.now)]
    await walk.come_to_rest()
    assert await _last(walk, people) == "accepted"


async def test_what_is_planned_by_the_old_settings_is_due_by_the_new(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), QUIET)
    await walk.track(people.alice, "go")
    async with _met_by(walk, walk.apply(OPEN)) as meet:
        planning = asyncio.create_task(walk.plan())
        await meet()
    await planning
    assert await _waiting(walk) == [("quiet_hours", walk.now)]
    await walk.come_to_rest()
    assert await _last(walk, people) == "accepted"


async def _say(walk: Walk, status: Status) -> None:
    said = Said(Origin.PERSON, "Olga", "It was tried.")
    await set_status(walk.database, walk.project_id, NAME, status, said, walk.now)


async def _stop(walk: Walk, template: str = "") -> None:
    stop = Stop("shop-whatsapp", "billing", "Pay first.", template)
    async with walk.database.transaction() as connection:
        assert await put_stop(connection, walk.project_id, stop, walk.now, walk.now)


HELD_BY: dict[str, Callable[[Walk], Awaitable[Any]]] = {
    "a pause": lambda walk: _say(walk, Status.PAUSED),
    "a stop of the sender": _stop,
    "a stop of the template": lambda walk: _stop(walk, NAME),
}
MEANWHILE: dict[str, Callable[[Walk], Awaitable[Any]]] = {
    "approved": lambda walk: _say(walk, Status.APPROVED),
    "disabled": lambda walk: _say(walk, Status.DISABLED),
    "the sender released": lambda walk: release_a_sender(walk.database, walk.project_id, "shop-whatsapp", walk.now),
    "the template released": lambda walk: release_a_template(walk.database, walk.project_id, NAME, walk.now),
    "applied": lambda walk: walk.apply({**msgspec.json.decode(FILE.read_bytes()), "footer": {"text": "Reply STOP"}}),
}


@pytest.mark.parametrize("judged", ["planned", "claimed"])
@pytest.mark.parametrize(
    ("held_by", "meanwhile", "comes_to"),
    [
        ("a pause", "approved", "accepted"),
        ("a pause", "disabled", "refused"),
        ("a stop of the sender", "the sender released", "accepted"),
        ("a stop of the template", "the template released", "accepted"),
        ("a stop of the template", "applied", "accepted"),
        ("a stop of the template", "disabled", "refused"),
    ],
)
async def test_what_is_put_off_for_a_template_or_a_sender_at_that_moment_is_judged_anew(
    walk: Walk, people: Cast, judged: str, held_by: str, meanwhile: str, comes_to: str
) -> None:
    await walk.apply(blunt(TEMPLATE))
    if judged == "claimed":
        await walk.track(people.alice, "go")
        await walk.plan()
    await HELD_BY[held_by](walk)
    if judged == "planned":
        await walk.track(people.alice, "go")
    async with _met_by(walk, MEANWHILE[meanwhile](walk)) as meet:
        judging = asyncio.create_task(walk.plan() if judged == "planned" else _claim(walk))
        await meet()
    await judging
    await walk.come_to_rest()
    assert await _last(walk, people) == comes_to


async def _claim(walk: Walk) -> None:
    assert await walk.delivery.step() == 1


async def test_what_a_merge_takes_along_at_that_moment_is_due_by_the_new_settings(walk: Walk, people: Cast) -> None:
    again = await alice_again(walk)
    await walk.apply(blunt(TEMPLATE), QUIET)
    await walk.track(again, "go")
    await walk.plan()
    waiting = await _waiting(walk)
    async with walk.database.transaction() as connection, asyncio.timeout(SECONDS):
        await merge_customers(connection, walk.project_id, Merge(again, people.alice), walk.now)
        await walk.apply(OPEN)
        await walk.judge_anew()
        assert await _waiting(walk) == waiting
    await walk.judge_anew()
    assert await _waiting(walk) == [("quiet_hours", walk.now)]


class _Overtaken(Turns):
    """Something is applied after it has looked what is due, and before that is claimed."""

    def __init__(self, by: Awaitable[None]) -> None:
        super().__init__()
        self._by = by

    async def next(self, connection: Connection, now: datetime) -> list[Turn]:
        given = await super().next(connection, now)
        await self._by
        return given


async def test_a_tier_that_is_raised_before_the_claim_holds_nothing(walk: Walk) -> None:
    walk.sinch = CountingSinch()
    shop = await open_shop(walk, "shop", tier=1)
    for one in await add_strangers(shop, 1, 2):
        await queue(shop, one, 1)
    turns = _Overtaken(furnish(shop, "shop", tier=2))
    calls, taken = await claim_messages(shop.database, shop.box, Renderer(), turns, shop.now)
    assert (len(calls), taken) == (2, 2)
    await shop.delivery.close()

"""Who is waited for while messages are judged anew, for how long, and what is left alone."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from parley.services.apply_definitions import delete_definition
from parley.services.create_project import create_project
from parley.services.judge_anew import ask_about, judge_anew
from parley.store.definitions import hold_definitions
from parley.store.reevaluations import Concerned
from parley.templates import Status
from tests.support.builders import Cast
from tests.walks.test_judge_anew import (
    NAME,
    SECONDS,
    _begun,
    _due_at,
    _last,
    _many_wait,
    _say,
    _send,
    _still_asked,
    _stopped,
    settings,
)
from tests.walks.test_refusals import ALICE, TEMPLATE, blunt
from tests.walks.walk import Walk, inbound


async def test_what_is_put_off_after_everybody_judges_by_the_new_is_left_alone(walk: Walk, people: Cast) -> None:
    until = await _many_wait(walk, people, 1)
    await walk.apply(settings(quiet_hours={"spans": [{"from": "00:00", "to": "23:58"}]}))
    await _begun(walk)
    async with walk.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO messages SELECT (jsonb_populate_record(m, $1)).*"
            " FROM messages m WHERE m.state = 'planned' LIMIT 1",
            {"id": str(UUID(int=2**128 - 1))},
        )
    await walk.judge_anew()
    assert (sorted(await _due_at(walk)), await _still_asked(walk)) == ([walk.now, walk.now, until], 0)


async def test_a_stop_is_read_while_somebody_who_judges_stands_still_and_what_waits_is_due_after_that(
    walk: Walk, people: Cast
) -> None:
    await _many_wait(walk, people, 1)
    await walk.apply(settings())
    async with walk.database.transaction() as holder, asyncio.timeout(SECONDS):
        await hold_definitions(holder, walk.project_id)
        trying = asyncio.create_task(judge_anew(walk.database, walk.now))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        while not await holder.fetchval(waiting):  # noqa: ASYNC110  another connection
            await asyncio.sleep(0.01)
        await walk.call_back(inbound(ALICE, "STOP", walk.now))
        assert (await trying, await _still_asked(walk)) == (0, 1)
    await walk.judge_anew()
    assert (set(await _due_at(walk)), await _still_asked(walk)) == ({walk.now}, 0)


async def test_one_whose_judges_stand_still_goes_behind_another_project(walk: Walk, people: Cast) -> None:
    await _many_wait(walk, people, 1)
    await walk.apply(settings())
    other = await create_project(walk.database, "Another shop", walk.now)
    async with walk.database.transaction() as connection:
        await ask_about(connection, other.project_id, Concerned(), ["quiet_hours"], walk.now)
    walk.now += timedelta(seconds=1)
    async with walk.database.transaction() as holder:
        await hold_definitions(holder, walk.project_id)
        assert [await judge_anew(walk.database, walk.now) for _ in range(2)] == [0, 1]
        assert await _still_asked(walk) == 1


@pytest.mark.parametrize("held_by", ["a pause", "a stop"])
async def test_a_template_that_is_deleted_lets_nothing_wait(walk: Walk, people: Cast, held_by: str) -> None:
    await walk.apply(blunt(TEMPLATE))
    await (_say(walk, Status.PAUSED) if held_by == "a pause" else _stopped(walk, NAME))
    await _send(walk, people)
    assert await _last(walk, people) == "planned"
    for kind, name in (("scenario", "blunt"), ("scenario", "abandoned-cart"), ("template", NAME)):
        assert await delete_definition(walk.database, walk.project_id, kind, name, walk.now)
    await walk.come_to_rest()
    assert (await walk.events(people.alice))[-1]["code"] == "template_unknown"

"""Who is waited for while messages are judged anew, for how long, and what is left alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from parley.services import definitions, plan_messages
from parley.services.apply_definitions import delete_definition
from parley.services.create_project import create_project
from parley.services.definitions import ProjectDefinitions, definitions_to_judge_by
from parley.services.doctor import Finding, Releaser, diagnose
from parley.services.judge_anew import ask_about, judge_anew
from parley.store.definitions import hold_definitions
from parley.store.doctor import What
from parley.store.reevaluations import Concerned
from parley.templates import Status
from tests.support.builders import Cast
from tests.walks.test_judge_anew import (
    ALL_DAY,
    NAME,
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
from tests.walks.walk import Walk, inbound, somebody_looks_who_judges

A_STEP = 10.0
"""Seconds. It looks for one of them whether somebody who judges is done."""


async def test_what_is_put_off_after_everybody_judges_by_the_new_is_left_alone(walk: Walk, people: Cast) -> None:
    until = await _many_wait(walk, people, 1)
    await walk.apply(settings(quiet_hours={"spans": [{"from": "00:00", "to": "23:58"}]}))
    await _begun(walk)
    await _one_more(walk)
    await walk.judge_anew()
    assert (sorted(await _due_at(walk)), await _still_asked(walk)) == ([walk.now, walk.now, until], 0)


async def _one_more(walk: Walk) -> None:
    """Is put off, behind all others."""
    async with walk.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO messages SELECT (jsonb_populate_record(m, $1)).*"
            " FROM messages m WHERE m.state = 'planned' LIMIT 1",
            {"id": str(UUID(int=2**128 - 1))},
        )


@asynccontextmanager
async def _somebody_judges(walk: Walk) -> AsyncIterator[None]:
    async with walk.database.transaction() as connection:
        await hold_definitions(connection, [walk.project_id])
        yield


async def test_planning_a_claim_and_a_stop_wait_for_no_worker_that_waits_for_one_who_stands_still(
    walk: Walk, people: Cast
) -> None:
    await _many_wait(walk, people, 1)
    await walk.apply(settings())
    async with _somebody_judges(walk), asyncio.timeout(A_STEP):
        trying = asyncio.create_task(judge_anew(walk.database, walk.now))
        await somebody_looks_who_judges(walk)
        async with walk.database.transaction() as connection:
            await connection.execute("SET LOCAL lock_timeout = 1")
            assert walk.project_id in await definitions_to_judge_by(connection, [walk.project_id])
        await walk.track(people.alice, "go")
        await walk.plan()
        await walk.delivery.step()
        await walk.delivery.finish()
        assert await _last(walk, people) == "accepted"
        await walk.call_back(inbound(ALICE, "STOP", walk.now))
        assert (await trying, await _still_asked(walk)) == (0, 1)
    await walk.judge_anew()
    assert (set(await _due_at(walk)), await _still_asked(walk)) == ({walk.now}, 0)


async def test_who_begins_to_judge_after_the_first_look_is_not_waited_for(walk: Walk, people: Cast) -> None:
    """Or planners that overlap would keep a worker from it for ever."""
    await _many_wait(walk, people, 1)
    await walk.apply(settings())
    async with AsyncExitStack() as later:
        async with _somebody_judges(walk):
            assert await judge_anew(walk.database, walk.now) == 0
            await later.enter_async_context(_somebody_judges(walk))
            trying = asyncio.create_task(judge_anew(walk.database, walk.now))
            await somebody_looks_who_judges(walk)
            await later.enter_async_context(_somebody_judges(walk))
            assert not trying.done()
        assert await trying == 1
        await walk.judge_anew()
        assert (set(await _due_at(walk)), await _still_asked(walk)) == ({walk.now}, 0)


class _Halt:
    """Whoever comes first has read the definitions by which he judges, and goes on when told to."""

    def __init__(self, read: Callable[..., Awaitable[ProjectDefinitions]]) -> None:
        self._read = read
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, *words: Any) -> ProjectDefinitions:
        found = await self._read(*words)
        if not self.reached.is_set():
            self.reached.set()
            await self.go_on.wait()
        return found


@pytest.mark.parametrize("who", ["a planner", "a claim"])
async def test_who_has_read_what_changes_right_after_is_waited_for(
    walk: Walk, people: Cast, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await walk.apply(blunt(TEMPLATE))
    await walk.track(people.alice, "go")
    if who == "a claim":
        await walk.plan()
    await walk.apply(settings(quiet_hours=ALL_DAY))
    await walk.judge_anew()
    module, judge = (plan_messages, walk.plan) if who == "a planner" else (definitions, walk.delivery.step)
    halt = _Halt(definitions.project_definitions)
    monkeypatch.setattr(module, "project_definitions", halt)
    judging = asyncio.create_task(judge())
    await halt.reached.wait()
    await walk.apply(settings())
    await judge_anew(walk.database, walk.now)
    halt.go_on.set()
    await judging
    assert await _last(walk, people) == "planned"
    await walk.judge_anew()
    assert await _due_at(walk) == [walk.now]


async def test_who_judges_another_project_is_not_waited_for(walk: Walk, people: Cast) -> None:
    await _many_wait(walk, people, 1)
    await walk.apply(settings())
    other = await create_project(walk.database, "Another shop", walk.now)
    async with walk.database.transaction() as connection:
        await hold_definitions(connection, [other.project_id])
        await _begun(walk)


async def test_the_doctor_hands_on_what_workers_have_tried_for_ten_minutes(walk: Walk, people: Cast) -> None:
    await _many_wait(walk, people, 1)
    asked_at = walk.now
    await walk.apply(settings())
    walk.now += timedelta(minutes=11)
    async with _somebody_judges(walk):
        assert await judge_anew(walk.database, walk.now) == 0
    (found,) = await _told(walk)
    assert (found.what, found.waiting.count) == (What.MESSAGES_TO_JUDGE_ANEW, 2)
    assert (found.waits_for, found.waiting.since) == (Releaser.OPERATOR, asked_at)


async def _told(walk: Walk) -> list[Finding]:
    """Of messages."""
    told = await diagnose(walk.database, walk.project_id, walk.now)
    return [one for one in told if one.what.startswith("messages")]


async def test_the_doctor_tells_each_once_whether_it_waits_for_a_worker_or_for_its_time(
    walk: Walk, people: Cast
) -> None:
    async def told() -> dict[What, int]:
        return {one.what: one.waiting.count for one in await _told(walk)}

    await _many_wait(walk, people, 1)
    assert await told() == {What.MESSAGES_DEFERRED: 2}
    await walk.apply(settings(quiet_hours={"spans": [{"from": "00:00", "to": "23:58"}]}))
    assert await told() == {What.MESSAGES_TO_JUDGE_ANEW: 2}
    await _begun(walk)
    await _one_more(walk)
    assert await told() == {What.MESSAGES_TO_JUDGE_ANEW: 2, What.MESSAGES_DEFERRED: 1}
    async with walk.database.rehearsal() as connection:
        await connection.execute("SELECT FROM messages WHERE state = 'planned' ORDER BY id LIMIT 1 FOR UPDATE")
        assert await judge_anew(walk.database, walk.now) == 1
        assert await told() == {
            What.MESSAGES_TO_JUDGE_ANEW: 1,  # passed over
            What.MESSAGES_DUE: 1,
            What.MESSAGES_DEFERRED: 1,
        }
        await walk.delivery.step()
        assert await told() == {What.MESSAGES_TO_JUDGE_ANEW: 1, What.MESSAGES_DEFERRED: 2}


async def test_one_whose_judges_stand_still_goes_behind_another_project(walk: Walk, people: Cast) -> None:
    await _many_wait(walk, people, 1)
    await walk.apply(settings())
    other = await create_project(walk.database, "Another shop", walk.now)
    async with walk.database.transaction() as connection:
        await ask_about(connection, other.project_id, Concerned(), ["quiet_hours"], walk.now)
    walk.now += timedelta(seconds=1)
    async with _somebody_judges(walk):
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

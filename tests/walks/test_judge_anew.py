"""What waits because of what a project has written down is due as soon as that says something else, and it alone."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from parley.domain.http import HttpResponse
from parley.services.apply_definitions import delete_definition
from parley.services.create_project import create_project
from parley.services.judge_anew import AT_ONCE, ask_about, judge_anew
from parley.services.registry import Origin, Said
from parley.services.steer_templates import set_status
from parley.services.stopping import release_a_sender, release_a_template
from parley.store.reevaluations import Concerned
from parley.store.stops import Stop, put_stop
from parley.store.wakeups import listening
from parley.templates import Status
from tests.support.builders import Cast
from tests.walks.test_frequency import _policy as frequency
from tests.walks.test_refusals import ALICE, TEMPLATE, blunt
from tests.walks.walk import LEGACY, Walk, inbound

ALL_DAY = {"spans": [{"from": "00:00", "to": "23:59"}]}
NAME = "cart_reminder.en"
SECONDS = 30.0
ONCE = frequency((1, "24 hours"))
CHEAPER = {
    "kind": "rate_card",
    "name": "cheaper",
    "currency": "USD",
    "valid_from": "2026-11-01",
    "source": "Meta",
    "rates": {"Rest of Central & Eastern Europe": {"marketing": "0.01", "utility": "0.01"}},
}


def settings(**fields: Any) -> dict[str, Any]:
    return {"kind": "settings", **fields}


async def _send(walk: Walk, people: Cast, times: int = 1) -> None:
    for _ in range(times):
        await walk.track(people.alice, "go")
        await walk.come_to_rest()


async def _last(walk: Walk, people: Cast) -> str:
    return (await walk.states(people.alice, "template"))[-1]


async def _due_at(walk: Walk) -> list[datetime]:
    async with walk.database.connection() as connection:
        rows = await connection.fetch("SELECT due_at FROM messages WHERE state IN ('planned', 'queued')")
    return [row["due_at"] for row in rows]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (settings(quiet_hours=ALL_DAY), settings()),
        (settings(quiet_hours=ALL_DAY), settings(quiet_hours={"spans": [{"from": "23:00", "to": "05:00"}]})),
        (settings(quiet_hours=ALL_DAY), settings(quiet_hours={**ALL_DAY, "kinds": ["text"]})),
    ],
)
async def test_quiet_hours_that_are_over_by_the_settings_hold_nothing(
    walk: Walk, people: Cast, before: dict[str, Any], after: dict[str, Any]
) -> None:
    await walk.apply(blunt(TEMPLATE), before)
    await _send(walk, people)
    assert await _last(walk, people) == "planned"
    await walk.apply(after)
    await walk.come_to_rest()
    assert await _last(walk, people) == "accepted"


async def test_quiet_hours_that_begin_elsewhere_are_judged_where_they_are(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), settings(quiet_hours=ALL_DAY))
    await _send(walk, people)
    (until,) = await _due_at(walk)
    await walk.apply(settings(quiet_hours={"spans": [{"from": "00:00", "to": "20:00"}]}))
    await walk.come_to_rest()
    (sooner,) = await _due_at(walk)
    assert (await _last(walk, people), walk.now < sooner < until) == ("planned", True)


@pytest.mark.parametrize("after", [frequency((2, "24 hours")), {**ONCE, "active": False}])
async def test_a_frequency_policy_that_allows_more_lets_go_what_waits(
    walk: Walk, people: Cast, after: dict[str, Any]
) -> None:
    await walk.apply(blunt(TEMPLATE), ONCE)
    await _send(walk, people, 2)
    assert await _last(walk, people) == "planned"
    await walk.apply(after)
    await walk.come_to_rest()
    assert await _last(walk, people) == "accepted"


@pytest.mark.parametrize(
    ("definition", "kind", "name"),
    [
        (settings(quiet_hours=ALL_DAY), "settings", "project"),
        (frequency((1, "24 hours")), "frequency_policy", "gentle"),
    ],
)
async def test_what_is_deleted_holds_nothing(
    walk: Walk, people: Cast, definition: dict[str, Any], kind: str, name: str
) -> None:
    await walk.apply(blunt(TEMPLATE), definition)
    await _send(walk, people, 2)
    assert await _last(walk, people) == "planned"
    assert await delete_definition(walk.database, walk.project_id, kind, name, walk.now)
    await walk.come_to_rest()
    assert await _last(walk, people) == "accepted"


@pytest.mark.parametrize("after", [settings(quiet_hours=ALL_DAY), settings(quiet_hours=ALL_DAY, retention={})])
async def test_settings_that_say_the_same_of_it_wake_nobody(walk: Walk, people: Cast, after: dict[str, Any]) -> None:
    await walk.apply(blunt(TEMPLATE), settings(quiet_hours=ALL_DAY))
    await _send(walk, people)
    before = await _due_at(walk)
    await walk.apply(after, blunt(TEMPLATE))
    await walk.judge_anew()
    assert await _due_at(walk) == before


async def test_a_delay_of_the_provider_outlasts_all_that_is_applied(walk: Walk, people: Cast) -> None:
    walk.sinch.script.append(HttpResponse(429, (("retry-after", "600"),), b"{}"))
    await walk.apply(blunt(TEMPLATE), settings(quiet_hours={**ALL_DAY, "kinds": ["text"]}), ONCE)
    await _send(walk, people)
    before = await _due_at(walk)
    assert all(at > walk.now for at in before)
    await walk.apply(settings(time_zone={"project": "Europe/Bratislava"}), frequency((9, "24 hours")))
    await walk.judge_anew()
    assert (len(before), await _due_at(walk)) == (1, before)


async def test_a_rate_card_lets_go_what_a_budget_holds_and_nothing_else(walk: Walk, people: Cast) -> None:
    budget = {"budgets": [{"limit": "0", "per": "day"}]}
    await walk.apply(blunt(TEMPLATE), settings(costs=budget))
    await _send(walk, people)
    before = await _due_at(walk)
    await walk.apply(settings(costs=budget, quiet_hours={**ALL_DAY, "kinds": ["text"]}), ONCE)
    await walk.judge_anew()
    assert (await _due_at(walk), await _last(walk, people)) == (before, "planned")
    await walk.apply(CHEAPER)
    await walk.judge_anew()
    assert await _due_at(walk) == [walk.now]


async def test_a_time_zone_in_which_the_day_is_over_lets_go_what_waits_for_the_day(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), frequency((1, "calendar day")))
    await _send(walk, people)
    walk.now += timedelta(hours=5)
    await _send(walk, people)
    assert await _last(walk, people) == "planned"
    await walk.apply(settings(time_zone={"project": "Asia/Singapore"}))
    await walk.come_to_rest()
    assert await _last(walk, people) == "accepted"


async def test_a_time_zone_is_asked_again_about_quiet_hours(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), settings(quiet_hours=ALL_DAY))
    await _send(walk, people)
    await walk.apply(settings(quiet_hours=ALL_DAY, time_zone={"project": "Asia/Singapore"}))
    await walk.judge_anew()
    assert await _due_at(walk) == [walk.now]


async def test_an_account_wakes_what_waits_for_its_own_tier_alone(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), settings(quiet_hours=ALL_DAY))
    await _send(walk, people, 2)
    until = max(await _due_at(walk))
    async with walk.database.transaction() as connection:
        await connection.execute("UPDATE messages SET outcome_code = 'recipient_tier'")
        await connection.execute(
            "UPDATE messages SET integration = 'other' WHERE id = (SELECT max(id::text)::uuid FROM messages)"
        )
    await walk.apply({**LEGACY, "limits": LEGACY["limits"] | {"tier": 9}})
    await walk.judge_anew()
    assert sorted(await _due_at(walk)) == [walk.now, until]


async def test_workers_that_sleep_are_woken(walk: Walk, people: Cast, own_database_url: str) -> None:
    await walk.apply(blunt(TEMPLATE), settings(quiet_hours=ALL_DAY))
    await _send(walk, people)
    woken = asyncio.Event()
    async with listening(own_database_url, woken.set), asyncio.timeout(SECONDS):
        await woken.wait()  # as it begins to listen
        woken.clear()
        await walk.apply(settings())
        await woken.wait()


async def test_another_project_s_messages_wait_on(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), settings(quiet_hours=ALL_DAY))
    await _send(walk, people)
    before = await _due_at(walk)
    other = await create_project(walk.database, "Another shop", walk.now)
    async with walk.database.transaction() as connection:
        await ask_about(connection, other.project_id, Concerned(), ["quiet_hours"], walk.now)
    await walk.judge_anew()
    assert await _due_at(walk) == before


async def _many_wait(walk: Walk, people: Cast, more: int) -> datetime:
    """Until when they wait."""
    await walk.apply(blunt(TEMPLATE), settings(quiet_hours=ALL_DAY))
    await _send(walk, people)
    return await _more(walk, more)


async def _more(walk: Walk, more: int) -> datetime:
    """Like the one that waits already."""
    async with walk.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO messages SELECT (jsonb_populate_record(m, jsonb_build_object('id', gen_random_uuid()))).*"
            " FROM messages m, generate_series(1, $1) WHERE m.state = 'planned'",
            more,
        )
    (until,) = set(await _due_at(walk))
    return until


async def _begun(walk: Walk) -> None:
    """Nobody judges by the old definitions any more."""
    assert await judge_anew(walk.database, walk.now) == 1


async def _still_asked(walk: Walk) -> int:
    async with walk.database.connection() as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM reevaluations")
        return count


@asynccontextmanager
async def _nobody_writes_messages(walk: Walk) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Whoever would waits; says when somebody does."""
    async with walk.database.transaction() as connection, asyncio.timeout(SECONDS):
        await connection.execute("LOCK TABLE messages IN SHARE MODE")

        async def somebody_waits() -> None:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'messages'::regclass"
            while not await connection.fetchval(waiting):  # noqa: ASYNC110  another connection
                await asyncio.sleep(0.01)

        yield somebody_waits


async def test_an_apply_waits_for_no_message_and_workers_make_what_waits_due(walk: Walk, people: Cast) -> None:
    until = await _many_wait(walk, people, 1)
    async with _nobody_writes_messages(walk) as somebody_waits:
        await walk.apply(settings())
        assert set(await _due_at(walk)) == {until}
        await _begun(walk)
        judging = asyncio.create_task(judge_anew(walk.database, walk.now))
        await somebody_waits()
        assert await judge_anew(walk.database, walk.now) == 0  # another worker
        assert not judging.done()
    assert await judging == 2
    await walk.judge_anew()
    assert (set(await _due_at(walk)), await _still_asked(walk)) == ({walk.now}, 0)


async def test_however_many_wait_all_are_due_whichever_worker_is_killed(walk: Walk, people: Cast) -> None:
    until = await _many_wait(walk, people, 2 * AT_ONCE)
    await walk.apply(settings())
    await _begun(walk)
    assert await judge_anew(walk.database, walk.now) == AT_ONCE
    async with _nobody_writes_messages(walk) as somebody_waits:
        killed = asyncio.create_task(judge_anew(walk.database, walk.now))
        await somebody_waits()
        killed.cancel()
        await asyncio.gather(killed, return_exceptions=True)
    assert killed.cancelled()
    assert Counter(await _due_at(walk)) == {walk.now: AT_ONCE, until: AT_ONCE + 1}
    await walk.judge_anew()
    assert (set(await _due_at(walk)), await _still_asked(walk)) == ({walk.now}, 0)


async def test_what_somebody_holds_and_leaves_as_it_is_becomes_due_after_that(walk: Walk, people: Cast) -> None:
    until = await _many_wait(walk, people, 1)
    await walk.apply(settings())
    await _begun(walk)
    async with walk.database.rehearsal() as connection:
        await connection.execute("SELECT FROM messages WHERE state = 'planned' LIMIT 1 FOR UPDATE")
        assert [await judge_anew(walk.database, walk.now) for _ in range(2)] == [1, 0]
        assert (sorted(await _due_at(walk)), await _still_asked(walk)) == ([walk.now, until], 1)
    await walk.judge_anew()
    assert (set(await _due_at(walk)), await _still_asked(walk)) == ({walk.now}, 0)


async def test_one_of_which_some_is_left_goes_behind_the_others(walk: Walk, people: Cast) -> None:
    await _many_wait(walk, people, 1)
    await walk.apply(settings())
    await _begun(walk)
    async with walk.database.rehearsal() as connection:
        await connection.execute("SELECT FROM messages WHERE state = 'planned' FOR UPDATE")
        walk.now += timedelta(seconds=1)
        assert await judge_anew(walk.database, walk.now) == 2  # looked at both, and passed them over
        await walk.apply(ONCE)
        walk.now += timedelta(seconds=1)
        assert [await judge_anew(walk.database, walk.now) for _ in range(3)] == [0, 1, 0]
        assert await _still_asked(walk) == 1


async def test_what_was_judged_anew_and_still_waits_is_left_alone(walk: Walk, people: Cast) -> None:
    """A change that lets nothing go would have everything judged again and again, as long as something is left."""
    await _many_wait(walk, people, 1)
    await walk.apply(settings(quiet_hours={"spans": [{"from": "00:00", "to": "23:58"}]}))
    await _begun(walk)
    async with walk.database.rehearsal() as connection:
        await connection.execute("SELECT FROM messages WHERE state = 'planned' LIMIT 1 FOR UPDATE")
        assert await judge_anew(walk.database, walk.now) == 1
        walk.now += timedelta(seconds=1)
        await walk.delivery.step()
        waiting = await _due_at(walk)
        assert all(at > walk.now for at in waiting)
        assert await judge_anew(walk.database, walk.now) == 0
        assert await _due_at(walk) == waiting
        assert await _still_asked(walk) == 1


async def _say(walk: Walk, status: Status) -> None:
    said = Said(Origin.PERSON, "Olga", "It was tried.")
    await set_status(walk.database, walk.project_id, NAME, status, said, walk.now)


async def test_a_template_lets_go_what_waits_for_itself_alone(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE))
    await _say(walk, Status.PAUSED)
    await _send(walk, people, 2)
    until = max(await _due_at(walk))
    async with walk.database.transaction() as connection:
        await connection.execute(
            """UPDATE messages SET content = jsonb_set(content, '{parameters,language}', '"de"')"""
            " WHERE id = (SELECT max(id::text)::uuid FROM messages)"
        )
    await _say(walk, Status.APPROVED)
    await walk.judge_anew()
    assert sorted(await _due_at(walk)) == [walk.now, until]


async def test_a_sender_lets_go_what_waits_for_itself_alone(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE))
    await _stopped(walk)
    await _send(walk, people, 2)
    until = max(await _due_at(walk))
    async with walk.database.transaction() as connection:
        await connection.execute(
            "UPDATE messages SET integration = 'other' WHERE id = (SELECT max(id::text)::uuid FROM messages)"
        )
    await release_a_sender(walk.database, walk.project_id, "shop-whatsapp", walk.now)
    await walk.judge_anew()
    assert sorted(await _due_at(walk)) == [walk.now, until]


async def _stopped(walk: Walk, template: str = "") -> None:
    stop = Stop("shop-whatsapp", "billing", "Pay first.", template)
    async with walk.database.transaction() as connection:
        assert await put_stop(connection, walk.project_id, stop, walk.now, walk.now)


@asynccontextmanager
async def _in_the_hands_of_a_worker(walk: Walk) -> AsyncIterator[None]:
    """Some of what is judged anew is made due, and that is not committed yet."""
    async with walk.database.transaction() as connection, asyncio.timeout(SECONDS):
        await connection.execute("LOCK TABLE reevaluations IN SHARE MODE")  # written last
        judging = asyncio.create_task(judge_anew(walk.database, walk.now))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'reevaluations'::regclass"
        while not await connection.fetchval(waiting):  # noqa: ASYNC110  another connection
            await asyncio.sleep(0.01)
        yield
    assert await judging == AT_ONCE


async def test_planning_a_stop_and_a_claim_go_on_while_20_000_are_released(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE))
    await _stopped(walk, NAME)
    await _send(walk, people)
    await _more(walk, 4 * AT_ONCE - 1)
    await release_a_template(walk.database, walk.project_id, NAME, walk.now)
    await _begun(walk)
    async with _in_the_hands_of_a_worker(walk):
        await walk.track(people.alice, "go")
        await walk.plan()
        assert await _last(walk, people) == "queued"
        await walk.call_back(inbound(ALICE, "STOP", walk.now))
        await walk.delivery.step()
        assert await _last(walk, people) == "refused"
    await walk.judge_anew()
    due = Counter(await _due_at(walk))
    assert (due[walk.now] >= 4 * AT_ONCE, len(due)) == (True, 1)

"""Budgets: what does not fit waits for the next day, or is refused; exact beside other workers; told in time."""

import asyncio
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from parley.services.doctor import diagnose
from parley.services.keep_books import keep_books
from parley.services.plan_campaigns import plan_campaigns
from parley.store.doctor import What
from tests.walks.test_campaigns import SALE, add_crowd
from tests.walks.test_costs import MARKETING, SLOVAK, entries, settings, sums
from tests.walks.walk import Walk, status

DAY = {"per": "day"}


def times(count: float) -> str:
    return str(SLOVAK * Decimal(count))


async def states(walk: Walk) -> dict[str, int]:
    return (await walk.progress("sale")).messages


async def run(walk: Walk, *budgets: dict[str, Any]) -> None:
    await settings(walk, budgets=list(budgets))
    await walk.apply(MARKETING, SALE)
    await walk.launch("sale")
    await walk.come_to_rest()


@pytest.mark.parametrize(
    ("budget", "then"),
    [
        ({"per": "day"}, "planned"),
        ({"per": "month"}, "planned"),
        ({"per": "ever"}, "refused"),
        ({"per": "ever", "campaign": "sale"}, "refused"),
    ],
)
async def test_what_does_not_fit_waits_or_is_refused(walk: Walk, budget: dict[str, Any], then: str) -> None:
    await add_crowd(walk, 5)
    await run(walk, {**budget, "limit": times(3.9)})
    assert await states(walk) == {"accepted": 3, then: 2}
    assert (await sums(walk.database))["reserved"] == 3 * SLOVAK
    assert {one.code for one in (await walk.progress("sale")).reasons} <= {"budget_spent"}


async def test_the_budget_of_another_campaign_is_not_its_own(walk: Walk) -> None:
    await add_crowd(walk, 3)
    await walk.apply(SALE | {"name": "other"}, MARKETING)
    await run(walk, {"limit": "0", "campaign": "other"})
    assert await states(walk) == {"accepted": 3}


async def test_what_waited_leaves_the_next_day_as_far_as_its_budget_goes(walk: Walk) -> None:
    await add_crowd(walk, 5)
    await run(walk, {**DAY, "limit": times(2)})
    walk.now = walk.now.replace(hour=0) + timedelta(days=1)
    await walk.come_to_rest()
    assert await states(walk) == {"accepted": 4, "planned": 1}
    await walk.later(days=1)
    assert await states(walk) == {"accepted": 5}
    assert (await sums(walk.database))["reserved"] == 5 * SLOVAK


async def test_a_raised_budget_lets_go_what_waits(walk: Walk) -> None:
    await add_crowd(walk, 5)
    await run(walk, {**DAY, "limit": times(2)})
    await settings(walk, budgets=[{**DAY, "limit": times(4)}])
    await walk.come_to_rest()
    assert await states(walk) == {"accepted": 4, "planned": 1}


async def test_a_lowered_budget_stops_what_was_planned_and_gives_its_money_back(walk: Walk) -> None:
    await add_crowd(walk, 4)
    await settings(walk, budgets=[{**DAY, "limit": times(4)}])
    await walk.apply(MARKETING, SALE)
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass
    assert await states(walk) == {"queued": 4}
    await settings(walk, budgets=[{**DAY, "limit": times(1)}])
    await walk.come_to_rest()
    assert await states(walk) == {"accepted": 1, "planned": 3}
    assert (await sums(walk.database))["reserved"] == SLOVAK


async def test_money_of_a_message_that_leaves_another_day_moves_with_it(walk: Walk) -> None:
    await add_crowd(walk, 1)
    await settings(walk, budgets=[{**DAY, "limit": "1"}])
    await walk.apply(MARKETING, SALE)
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass
    await walk.later(days=1)
    told = await entries(walk.database)
    assert sorted(told) == sorted([("reserve", SLOVAK, 0), ("release", -SLOVAK, 0), ("reserve", SLOVAK, 0)])
    async with walk.database.connection() as connection:
        days = await connection.fetch("SELECT day, sum(reserved) AS left FROM cost_entries GROUP BY day ORDER BY day")
    assert [row["left"] for row in days] == [0, SLOVAK]


async def test_what_fails_makes_room(walk: Walk) -> None:
    await add_crowd(walk, 2)
    await run(walk, {**DAY, "limit": times(1)})
    await walk.call_back(status("SINCH-1-0", "failed", walk.now))
    await settings(walk, budgets=[{**DAY, "limit": times(1.5)}])  # looked at again
    await walk.come_to_rest()
    assert await states(walk) == {"accepted": 1, "failed": 1}


async def test_two_workers_beside_each_other_do_not_overrun_it(walk: Walk) -> None:
    await add_crowd(walk, 300)
    await settings(walk, budgets=[{**DAY, "limit": times(100)}, {"limit": times(50), "campaign": "sale"}])
    await walk.apply(MARKETING, SALE)
    await walk.launch("sale")
    while sum(await asyncio.gather(*(plan_campaigns(walk.database, walk.now) for _ in range(3)))):
        pass
    assert Counter(await states(walk)) == {"queued": 50, "refused": 250}


async def test_four_fifths_and_the_end_are_told_once(walk: Walk) -> None:
    await add_crowd(walk, 5)
    with capture_logs() as logs:
        await run(walk, {**DAY, "limit": times(5)})
        await keep_books(walk.database, walk.now)
        await keep_books(walk.database, walk.now)
    assert [one["level"] for one in logs if one["event"] == "budget"] == ["warned", "over"]
    found = [one for one in await diagnose(walk.database, walk.project_id, walk.now) if "budget" in one.what]
    assert [one.what for one in found] == [What.BUDGETS_GONE]
    assert "5 of" not in (found[0].waiting.sentence or "")
    await settings(walk, budgets=[{**DAY, "limit": times(6)}])
    await keep_books(walk.database, walk.now)
    found = [one for one in await diagnose(walk.database, walk.project_id, walk.now) if "budget" in one.what]
    assert [one.what for one in found] == [What.BUDGETS_NEARLY_GONE]
    tomorrow = walk.now + timedelta(days=1)
    await keep_books(walk.database, tomorrow)
    assert [one for one in await diagnose(walk.database, walk.project_id, tomorrow) if "budget" in one.what] == []


async def test_adding_up_changes_no_sum(walk: Walk) -> None:
    await add_crowd(walk, 3)
    await run(walk)
    before = await sums(walk.database)
    while await keep_books(walk.database, walk.now):
        pass
    assert await sums(walk.database) == before
    async with walk.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM cost_changes") == 0

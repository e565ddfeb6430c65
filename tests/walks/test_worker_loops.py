"""A worker's small duties are done each by itself: what breaks one holds up none of the others."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from parley.cli.working import run_together
from parley.config import Config
from parley.house import House
from parley.presets import Renderer
from parley.queue.loop import Loop
from parley.services.claim_messages import claim_messages
from parley.services.plan_campaigns import plan_campaigns
from parley.services.receive_reports import sweep_early_reports
from parley.services.turns import Turns
from parley.store.messages import EarlyReport, keep_early_reports
from parley.store.reevaluations import Concerned, ask_reevaluation
from parley.wiring import open_loops
from tests.support.builders import Cast
from tests.walks.walk import Walk

READ = {"item": "report", "message_id": "SINCH-1-0", "state": "read"}
STRANGE = {"item": "report", "nonsense": True}
FORGOTTEN = timedelta(days=30)

DUTIES = {
    "recover": "SELECT count(*) FROM messages WHERE state = 'sending'",
    "reports": "SELECT count(*) FROM early_reports",
    "pairs": "SELECT count(*) FROM pairs",
    "tiers": "SELECT count(*) FROM tier_slices",
    "judge anew": "SELECT count(*) FROM reevaluations",
}
"""By the name of its loop, and what says how much of it is left."""
BREAKS = {
    "recover": "ALTER TABLE messages ADD CHECK (state <> 'uncertain')",
    "reports": "ALTER TABLE messages ADD CHECK (state <> 'read')",
    "pairs": "CREATE RULE broken AS ON DELETE TO pairs DO INSTEAD SELECT 1 / 0",
    "tiers": "CREATE RULE broken AS ON DELETE TO tier_slices DO INSTEAD SELECT 1 / 0",
    "judge anew": "CREATE RULE broken AS ON DELETE TO reevaluations DO INSTEAD SELECT 1 / 0",
}


async def _send(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.come_to_rest()


async def _keep(walk: Walk, *reports: EarlyReport) -> None:
    async with walk.database.transaction() as connection:
        await keep_early_reports(connection, walk.project_id, reports, walk.now)


def _early(walk: Walk, report: dict[str, Any], message_id: str = "SINCH-1-0") -> EarlyReport:
    return EarlyReport(walk.project_id, message_id, str(report.get("state", "strange")), report)


async def _leave_something_of_each(walk: Walk, people: Cast) -> None:
    await _send(walk, people)
    await _keep(walk, _early(walk, READ))
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/8")
    await walk.plan()
    await claim_messages(walk.database, walk.box, Renderer(), Turns(), walk.now)  # and the process is gone
    async with walk.database.connection() as connection:
        paid = "INSERT INTO pairs (bucket, project_id, account, recipient, paid_until) VALUES (0, $1, 'a', '1', $2)"
        await connection.execute(paid, walk.project_id, walk.now)
        past = "INSERT INTO tier_slices (tier, slice, recipients, expected) VALUES ('sender:a', $1, 1, 0)"
        await connection.execute(past, walk.now)
        await ask_reevaluation(connection, walk.project_id, Concerned(), ["quiet_hours"], walk.now)
    walk.now += FORGOTTEN


@asynccontextmanager
async def _working(walk: Walk, url: str) -> AsyncIterator[None]:
    house = House(Config(Path(), url, None), walk.database, url, None, lambda: walk.now, lambda: 0.5, walk.box)
    async with open_loops(house) as loops:
        small = [loop for loop in loops if loop.name in DUTIES]
        running = [asyncio.create_task(loop.run()) for loop in small]
        yield
        for loop in small:
            loop.stop()
        await asyncio.gather(*running)


async def _left(walk: Walk) -> set[str]:
    async with walk.database.connection() as connection:
        return {duty for duty, asked in DUTIES.items() if await connection.fetchval(asked)}


@pytest.mark.parametrize("broken", [None, *BREAKS])
async def test_each_is_done_though_another_breaks(
    walk: Walk, people: Cast, own_database_url: str, broken: str | None
) -> None:
    await _leave_something_of_each(walk, people)
    assert await _left(walk) == DUTIES.keys()
    if broken:
        async with walk.database.connection() as connection:
            await connection.execute(BREAKS[broken])
    with capture_logs() as said:
        async with _working(walk, own_database_url), asyncio.timeout(20):
            while await _left(walk) - {broken} or not _failed(said) >= {broken} - {None}:  # noqa: ASYNC110  others do it
                await asyncio.sleep(0.05)
    assert _failed(said) == await _left(walk) == {broken} - {None}


def _failed(said: Sequence[Mapping[str, Any]]) -> set[str]:
    return {line["loop"] for line in said if line["event"] == "step failed"}


async def test_an_early_report_that_cannot_be_read_is_passed_over_by_the_sweep(walk: Walk, people: Cast) -> None:
    await _send(walk, people)
    await _send(walk, people)
    await _keep(walk, _early(walk, STRANGE), _early(walk, READ | {"message_id": "SINCH-2-0"}, "SINCH-2-0"))
    with capture_logs() as said:
        assert await sweep_early_reports(walk.database, walk.now) == 2
    assert [line["event"] for line in said] == ["an early report cannot be read"]
    assert sorted(await _states(walk)) == ["accepted", "read"]
    assert await sweep_early_reports(walk.database, walk.now) == 0


async def test_an_early_report_that_cannot_be_read_is_passed_over_by_the_answer_it_was_kept_for(
    walk: Walk, people: Cast
) -> None:
    await _keep(walk, _early(walk, STRANGE))
    async with asyncio.timeout(20):
        await _send(walk, people)
    assert await _states(walk) == ["accepted"]


async def _states(walk: Walk) -> list[str]:
    async with walk.database.connection() as connection:
        rows = await connection.fetch("SELECT state FROM messages WHERE kind = 'template'")
        return [row["state"] for row in rows]


async def test_planning_that_fails_again_and_again_does_not_count_as_told_to_end(walk: Walk) -> None:
    """Or the loop would end with the next error, in silence, and nobody would plan any more."""
    async with walk.database.transaction() as connection:
        await connection.execute("ALTER TABLE campaign_shares RENAME TO elsewhere")
    for _ in range(3):
        with pytest.raises(asyncpg.UndefinedTableError):
            await plan_campaigns(walk.database, walk.now)
    task = asyncio.current_task()
    assert (task is not None and task.cancelling()) == 0


async def test_a_loop_that_ends_ends_its_worker_in_order() -> None:
    finished = False

    async def works() -> int:
        nonlocal finished
        await asyncio.sleep(0.1)
        finished = True
        return 0

    async def ends() -> int:
        raise asyncio.CancelledError

    loops = [Loop("works", works, lambda: 1.0), Loop("ends", ends, lambda: 1.0)]
    async with asyncio.timeout(20):
        with pytest.raises(asyncio.CancelledError):
            await run_together(loops, asyncio.Event())
    assert finished

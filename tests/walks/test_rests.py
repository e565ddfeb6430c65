"""While nobody has a permit a worker rests, just so long, and then begins with whoever has waited longest."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from parley.presets import Renderer
from parley.services import turns
from parley.services.claim_messages import claim_messages
from parley.services.turns import HELD_SECONDS, LONGEST_WAIT, Outlook, Turns
from parley.store.tiers import try_tiers
from tests.walks.crowd import CountingSinch, add_fan, open_shop, queue
from tests.walks.walk import Walk

AGES = 1000.0
"""Seconds until there is another permit, so that none comes while a test works."""
SLOW: dict[str, Any] = {"messages_per_second": 1 / AGES}
FREE: dict[str, Any] = {"messages_per_second": None}


class Worker:
    """Claims, and counts how often. Its steady clock stands still but for `rest`."""

    def __init__(self, walk: Walk, lanes_at_once: int) -> None:
        self._walk = walk
        self._seconds = 0.0
        self.turns = Turns(lanes_at_once=lanes_at_once, steady=lambda: self._seconds)
        self.served = Counter[UUID]()
        self.looks = 0

    async def looks_until_it_rests(self, most: int = 50) -> Outlook:
        for _ in range(most):
            calls, taken = await claim_messages(
                self._walk.database, self._walk.box, Renderer(), self.turns, self._walk.now
            )
            self.looks += 1
            self.served.update(call.lane.project_id for call in calls)
            if (outlook := self.turns.outlook(taken)) is not Outlook.MORE:
                return outlook
        raise AssertionError("the worker does not rest")

    async def rest(self, seconds: float) -> None:
        self._seconds += seconds
        async with self._walk.database.connection() as connection:
            await connection.execute(
                "UPDATE permits SET counted_at = counted_at - $1::interval", timedelta(seconds=seconds)
            )


@pytest.fixture(autouse=True)
def sinch(walk: Walk) -> CountingSinch:
    """Answers for all accounts of the test."""
    walk.sinch = sinch = CountingSinch()
    return sinch


async def _shops(walk: Walk, *limits: dict[str, Any]) -> list[Walk]:
    """With three messages each, in the order of their lanes; those with the same limits share an account."""
    names = [f"account-{limits.index(one)}" for one in limits]
    shops = [await open_shop(walk, name, **one) for name, one in zip(names, limits, strict=True)]
    for number, one in enumerate(shops):
        await queue(one, await add_fan(one, number), 3)
    return shops


async def test_it_comes_to_rest_when_replies_and_campaigns_wait_on_lanes_of_their_own(walk: Walk) -> None:
    shops = [await open_shop(walk, "slow", **SLOW) for _ in range(5)]
    for number, one in enumerate(shops):
        fan = await add_fan(one, number)
        if number <= 2:
            await queue(one, fan, 3, "question")
        if number >= 2:
            await queue(one, fan, 3)
    worker = Worker(walk, lanes_at_once=2)
    for permits in range(1, 9):
        for seconds in (1, AGES):
            worker.looks = 0
            assert await worker.looks_until_it_rests() is Outlook.NOT_YET
            assert worker.looks <= 4  # where it takes something, or begins in the middle: to the end, then both pages
            assert worker.served.total() == permits
            await worker.rest(seconds)


async def test_whoever_shares_a_limit_gets_an_equal_part_of_it_however_many_lanes_come_before(walk: Walk) -> None:
    shops = await _shops(walk, SLOW, SLOW, SLOW)
    worker = Worker(walk, lanes_at_once=2)
    for _ in range(6):
        await worker.looks_until_it_rests()
        await worker.rest(AGES)
    assert worker.served == {one.project_id: 2 for one in shops}


async def test_what_comes_meanwhile_for_a_lane_before_those_that_wait_leaves_at_once(walk: Walk) -> None:
    free, _ = await _shops(walk, FREE, SLOW)
    worker = Worker(walk, lanes_at_once=1)
    assert await worker.looks_until_it_rests() is Outlook.NOT_YET
    await queue(free, await add_fan(free, 9), 3)
    await worker.looks_until_it_rests()
    assert worker.served[free.project_id] == 6


async def test_it_rests_until_the_first_permit_of_all_lanes(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAIT", AGES)
    await _shops(walk, {"messages_per_second": 4 / AGES}, SLOW)
    worker = Worker(walk, lanes_at_once=1)
    assert await worker.looks_until_it_rests() is Outlook.NOT_YET
    assert 0 < worker.turns.patience <= AGES / 4


async def test_it_looks_again_soon_only_while_somebody_holds_what_it_needs(walk: Walk) -> None:
    await _shops(walk, {"messages_per_second": None, "tier": 9}, SLOW)
    worker, other = Worker(walk, lanes_at_once=2), Worker(walk, lanes_at_once=2)
    async with walk.database.transaction() as connection:
        assert await try_tiers(connection, ["sender:account-0"])
        assert await worker.looks_until_it_rests() is Outlook.NOT_YET
        assert worker.turns.patience == HELD_SECONDS
    await other.looks_until_it_rests()
    assert await worker.looks_until_it_rests() is Outlook.NOT_YET
    assert worker.turns.patience == LONGEST_WAIT

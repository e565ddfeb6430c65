"""One account writes to one person 45 times at once, then once in six seconds; others are not concerned."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from parley.policy import PairFacts
from parley.policy.pair_rate import BURST, EACH
from parley.services.holding import slow_pairs
from parley.services.pairs import Pairs, forget_paid, pairs_in
from parley.store.database import Connection
from parley.store.pairs import Pair
from tests.frame.processes import until
from tests.support.policy_facts import good_facts
from tests.walks.crowd import CountingSinch, add_fan, open_shop, queue
from tests.walks.test_stops import failed
from tests.walks.walk import Walk


@pytest.fixture
async def shop(walk: Walk) -> AsyncIterator[Walk]:
    """One whose account keeps the pair rate."""
    walk.sinch = CountingSinch()
    shop = await open_shop(walk, "shop", pair_rate=True)
    yield shop
    await shop.delivery.close()


async def _waiting(shop: Walk, customer_id: UUID) -> list[tuple[str, str]]:
    async with shop.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT DISTINCT state, outcome_code FROM messages WHERE customer_id = $1 AND state = 'planned'",
            customer_id,
        )
        return [tuple(row) for row in rows]


async def test_a_burst_leaves_then_one_in_six_seconds(shop: Walk) -> None:
    alice = await add_fan(shop, 1)
    await queue(shop, alice, BURST + 5)
    await shop.come_to_rest()
    left = [len(shop.sinch.requests)]
    for seconds in (5.9, 0.1, 6, 12):
        await shop.later(seconds=seconds)
        left.append(len(shop.sinch.requests))
    assert left == [BURST, BURST, BURST + 1, BURST + 2, BURST + 4]
    assert await _waiting(shop, alice) == [("planned", "pair_rate")]


async def test_quiet_pays_the_burst_back(shop: Walk) -> None:
    alice = await add_fan(shop, 1)
    for _ in range(2):
        await queue(shop, alice, BURST)
        await shop.come_to_rest()
        await shop.later(seconds=EACH.total_seconds() * BURST)
    assert len(shop.sinch.requests) == 2 * BURST


async def test_another_person_is_not_concerned(shop: Walk) -> None:
    alice, bob = await add_fan(shop, 1), await add_fan(shop, 2)
    await queue(shop, alice, BURST + 20)
    await queue(shop, bob, 10)
    await shop.come_to_rest()
    assert len(shop.sinch.requests) == BURST + 10


async def test_whom_whatsapp_says_too_much_was_sent_to_waits_alone(shop: Walk) -> None:
    """131056 (whatsapp.md 4): others send by this number, too."""
    alice, bob = await add_fan(shop, 1), await add_fan(shop, 2)
    await queue(shop, alice, 1)
    await shop.come_to_rest()
    await shop.call_back(failed("131056", shop.now))
    for person in (alice, bob):
        await queue(shop, person, 1)
    await shop.come_to_rest()
    assert len(shop.sinch.requests) == 2
    assert await _waiting(shop, alice) == [("planned", "pair_rate")]
    await shop.later(seconds=2 * EACH.total_seconds())  # for the one that left before, too
    assert len(shop.sinch.requests) == 3


async def test_two_workers_that_decide_at_once_keep_it_together(shop: Walk) -> None:
    alice = await add_fan(shop, 1)
    await queue(shop, alice, 150)
    other = shop.worker()
    await asyncio.gather(*(worker.step() for worker in (shop.delivery, other) for _ in range(3)))
    await other.close()
    await shop.come_to_rest()
    assert len(shop.sinch.requests) == BURST


async def test_another_worker_waits_for_whoever_sends_several_to_somebody_new(shop: Walk) -> None:
    alice = Pair("shop", "421901000001")

    async def owed_in(connection: Connection) -> Pairs:
        return await pairs_in(connection, shop.project_id, [alice] * BURST, shop.now)

    async with shop.database.transaction() as connection:
        pairs = await owed_in(connection)
        other = asyncio.create_task(shop.database.run(owed_in))
        await until(lambda: _waits(shop, other), "the other waits, or does not")
        for _ in range(BURST):
            pairs.leaves(alice, shop.now)
        await pairs.record(connection, shop.project_id, shop.now)
    assert (await other).seen(good_facts(), alice).pair == PairFacts(shop.now + EACH * BURST)


async def _waits(shop: Walk, task: "asyncio.Task[Pairs]") -> bool:
    """For a lock, unless it is done."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with shop.database.connection() as connection:
        return task.done() or await connection.fetchval(waiting) > 0


async def test_a_clock_that_steps_an_hour_back_locks_nobody_out(shop: Walk) -> None:
    alice = await add_fan(shop, 1)
    await queue(shop, alice, BURST)
    await shop.come_to_rest()
    async with shop.database.transaction() as connection:
        await connection.execute("UPDATE pairs SET paid_until = paid_until + interval '1 hour'")
    await queue(shop, alice, 1)
    await shop.come_to_rest()
    assert len(shop.sinch.requests) == BURST + 1


async def test_the_providers_word_uses_the_burst_up(shop: Walk) -> None:
    alice = await add_fan(shop, 1)
    async with shop.database.transaction() as connection:
        await slow_pairs(connection, shop.project_id, {Pair("shop", "421901000001")}, shop.now)
    await queue(shop, alice, 2)
    await shop.come_to_rest()
    assert len(shop.sinch.requests) == 0
    await shop.later(seconds=6)
    assert len(shop.sinch.requests) == 1


async def test_whoever_has_paid_is_forgotten(shop: Walk) -> None:
    await queue(shop, await add_fan(shop, 1), 2)
    await shop.come_to_rest()
    await shop.later(seconds=13)
    await forget_paid(shop.database, shop.now)
    async with shop.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM pairs") == 0

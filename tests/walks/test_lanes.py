"""Each sender is served its share, however long the queue of another, and however long its provider takes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from parley.presets import Renderer
from parley.services.claim_messages import claim_messages
from parley.services.turns import IN_FLIGHT, LANES_AT_ONCE, PLACES, Outlook, Turns
from tests.walks.crowd import CountingSinch, account_of, add_fan, open_shop, queue, steps
from tests.walks.walk import Walk

LONG = 10_000


@pytest.fixture
def sinch(walk: Walk) -> CountingSinch:
    """Answers for all accounts of the test."""
    walk.sinch = sinch = CountingSinch()
    return sinch


@pytest.fixture
async def big(walk: Walk, sinch: CountingSinch) -> AsyncIterator[Walk]:
    """A shop with an account called `big`."""
    assert walk.sinch is sinch
    big = await open_shop(walk, "big")
    yield big
    await big.delivery.close()


async def _claimed(big: Walk, turns: Turns) -> Counter[str]:
    """How many of each account a claim takes; their calls begin and do not end."""
    calls, taken = await claim_messages(big.database, big.box, Renderer(), turns, big.now)
    turns.outlook(taken)
    for call in calls:
        turns.begin(call.lane)
    return Counter(account_of(call.rendered.request) for call in calls)


def _all_end(turns: Turns) -> None:
    for lane in turns.under_way.elements():
        turns.end(lane)


async def test_a_reply_overtakes_a_long_campaign_of_its_own_sender_and_of_another(
    big: Walk, sinch: CountingSinch
) -> None:
    small = await open_shop(big, "small")
    alice, bob = await add_fan(big, 1), await add_fan(small, 2)
    await queue(big, alice, LONG)
    await queue(big, alice, 1, "question")
    await queue(small, bob, 1, "question")
    turns = Turns()
    calls, _ = await claim_messages(big.database, big.box, Renderer(), turns, big.now)
    kinds = Counter((account_of(call.rendered.request), row.kind) for call in calls for row in call.messages)
    assert kinds == {("big", "text"): 1, ("small", "text"): 1, ("big", "template"): IN_FLIGHT - 2}


async def test_what_is_not_due_yet_hides_nothing_behind_it(big: Walk, sinch: CountingSinch) -> None:
    alice = await add_fan(big, 1)
    await queue(big, alice, 100)
    async with big.database.transaction() as connection:
        await connection.execute("UPDATE messages SET due_at = due_at + interval '1 day' WHERE kind = 'template'")
    await queue(big, alice, 1)
    await big.come_to_rest()
    assert sinch.sent == {"big": 1}


async def test_three_projects_go_on_together_whatever_they_have_queued(big: Walk, sinch: CountingSinch) -> None:
    middle, small = await open_shop(big, "middle"), await open_shop(big, "small")
    for number, (shop, count) in enumerate([(big, 1000), (middle, 2 * PLACES), (small, 10)]):
        await queue(shop, await add_fan(shop, number), count)
    turns = Turns()
    first = await _claimed(big, turns)
    assert first["small"] == 10
    assert first["big"] == first["middle"] == (PLACES - 10) // 3
    _all_end(turns)
    second = await _claimed(big, turns)
    assert second["big"] == second["middle"]


async def test_a_sender_whose_provider_hangs_leaves_room_for_the_others(big: Walk, sinch: CountingSinch) -> None:
    small = await open_shop(big, "small")
    await queue(big, await add_fan(big, 1), 1000)
    sinch.hanging.add("big")
    await asyncio.wait_for(steps(big, 3), 60)
    assert sinch.sent == {"big": IN_FLIGHT}
    await queue(small, await add_fan(small, 2), 150)
    for _ in range(20):
        if sinch.sent["small"] < 150:
            await big.delivery.step()
    assert sinch.sent == {"big": IN_FLIGHT, "small": 150}
    sinch.hanging.clear()
    sinch.answers.set()
    await big.delivery.finish()


async def test_many_senders_with_endless_queues_all_get_their_turn(big: Walk, sinch: CountingSinch) -> None:
    count = LANES_AT_ONCE + 5
    shops = [await open_shop(big, f"shop-{number}") for number in range(count)]
    for number, shop in enumerate(shops):
        await queue(shop, await add_fan(shop, number), 40)
    turns = Turns()
    assert len(await _claimed(big, turns) + await _claimed(big, turns)) == count


async def test_with_less_room_than_senders_each_gets_its_turn_in_the_end(big: Walk, sinch: CountingSinch) -> None:
    shops = [await open_shop(big, f"shop-{number}") for number in range(5)]
    for number, shop in enumerate(shops):
        await queue(shop, await add_fan(shop, number), 20)
    turns = Turns(places=3)
    served = Counter[str]()
    for _ in range(5):
        served += await _claimed(big, turns)
        _all_end(turns)
    assert set(served) == {f"shop-{number}" for number in range(5)}


async def test_it_waits_for_a_place_and_rests_when_nothing_is_due(big: Walk, sinch: CountingSinch) -> None:
    await queue(big, await add_fan(big, 1), 3)
    turns = Turns(places=2)
    calls, taken = await claim_messages(big.database, big.box, Renderer(), turns, big.now)
    assert (taken, turns.outlook(taken)) == (1, Outlook.MORE)
    turns.begin(calls[0].lane)
    assert await claim_messages(big.database, big.box, Renderer(), turns, big.now) == ([], 0)
    assert turns.outlook(0) is Outlook.NOT_YET


async def test_it_waits_for_a_place_in_the_middle_of_its_round_too(big: Walk, sinch: CountingSinch) -> None:
    for number, shop in enumerate([big, await open_shop(big, "small")]):
        await queue(shop, await add_fan(shop, number), 1)
    turns = Turns(places=1)
    assert (await _claimed(big, turns)).total() == 1
    assert await claim_messages(big.database, big.box, Renderer(), turns, big.now) == ([], 0)
    assert turns.outlook(0) is Outlook.NOT_YET


async def test_two_workers_on_one_queue_send_everything_once(big: Walk, sinch: CountingSinch) -> None:
    await queue(big, await add_fan(big, 1), 500)
    other = big.worker()

    async def work() -> None:
        while await other.step():
            pass
        await other.close()

    await asyncio.gather(work(), big.come_to_rest())
    assert sinch.sent == {"big": 500}


async def test_a_claim_waits_for_nothing_that_another_worker_holds(big: Walk, sinch: CountingSinch) -> None:
    await queue(big, await add_fan(big, 1), 3)
    async with big.database.transaction() as connection:
        await connection.execute("SELECT FROM messages WHERE state = 'queued' ORDER BY due_at LIMIT 1 FOR UPDATE")
        assert await _claimed(big, Turns()) == {"big": 2}

"""A sender reaches no more people outside their windows in 24 hours than its tier allows; others are not concerned."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from parley.domain.http import HttpResponse
from parley.presets import Renderer
from parley.providers.http import UnansweredError
from parley.services.claim_messages import claim_messages
from parley.services.doctor import Releaser, diagnose
from parley.services.give_back_places import give_back_places
from parley.services.set_properties import PropertyUpdate, set_properties
from parley.services.settle_message import Order, give_up
from parley.services.tiers import KEPT, forget_past
from parley.services.turns import Outlook, Turns
from parley.store.database import Connection
from parley.store.doctor import What
from parley.store.tiers import try_tiers
from tests.support.builders import NOW
from tests.walks.crowd import PHONE, CountingSinch, add_fan, add_strangers, count_reached, furnish, open_shop, queue
from tests.walks.walk import Walk

REFUSED = HttpResponse(400, (), b'{"message": "400", "reason": "", "details": ""}')
FREE_AGAIN = {"hours": 24, "minutes": 5}
"""Tests happen at the beginning of a slice."""


@pytest.fixture
def sinch(walk: Walk) -> CountingSinch:
    """Answers for all accounts of the test."""
    walk.sinch = sinch = CountingSinch()
    return sinch


@pytest.fixture
async def shop(walk: Walk, sinch: CountingSinch) -> AsyncIterator[Walk]:
    """One whose account may reach three people."""
    assert walk.sinch is sinch
    shop = await open_shop(walk, "shop", tier=3)
    yield shop
    await shop.delivery.close()


async def _write_to(shop: Walk, *people: UUID) -> None:
    for one in people:
        await queue(shop, one, 1)
    await shop.come_to_rest()


async def _waiting(shop: Walk) -> Sequence[tuple[str, datetime]]:
    async with shop.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT outcome_code, due_at FROM messages WHERE project_id = $1 AND state = 'planned' ORDER BY due_at",
            shop.project_id,
        )
        return [tuple(row) for row in rows]


async def _somebody_waits_for(connection: Connection) -> None:
    async with asyncio.timeout(10):
        blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        while not await connection.fetchval(blocked):  # noqa: ASYNC110  another connection: no event to await
            await asyncio.sleep(0.01)


async def _rows(shop: Walk, table: str) -> int:
    async with shop.database.connection() as connection:
        found: int = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608  own names
        return found


async def test_it_reaches_as_many_as_the_tier_and_the_next_when_a_place_is_free(
    shop: Walk, sinch: CountingSinch
) -> None:
    await _write_to(shop, *await add_strangers(shop, 1, 2, 3, 4))
    assert sinch.sent["shop"] == 3
    assert await _waiting(shop) == [("recipient_tier", NOW + timedelta(**FREE_AGAIN))]
    await shop.later(hours=24, minutes=4, seconds=59)
    assert sinch.sent["shop"] == 3
    await shop.later(seconds=1)
    assert sinch.sent["shop"] == 4


async def test_somebody_counts_once_in_one_claim_and_in_the_next(shop: Walk, sinch: CountingSinch) -> None:
    alice, bob, carol, dana = await add_strangers(shop, 1, 2, 3, 4)
    await queue(shop, alice, 5)
    await _write_to(shop, bob, carol)
    await _write_to(shop, alice, bob, dana)
    assert sinch.sent["shop"] == 9
    assert len(await _waiting(shop)) == 1


async def test_two_customers_with_one_number_are_one_person(shop: Walk, sinch: CountingSinch) -> None:
    alice, bob, carol, dana = await add_strangers(shop, 1, 2, 3, 4)
    async with shop.database.transaction() as connection:
        update = PropertyUpdate(dana, {"phone": f"+{PHONE.format(1)}"})
        await set_properties(connection, shop.project_id, [update], shop.now)
    await _write_to(shop, alice, bob, carol, dana)
    assert sinch.sent["shop"] == 4


async def test_who_is_reached_again_later_keeps_the_place_until_then(shop: Walk, sinch: CountingSinch) -> None:
    alice, bob, carol, dana = await add_strangers(shop, 1, 2, 3, 4)
    await _write_to(shop, alice, bob, carol)
    await shop.later(minutes=10)
    await _write_to(shop, alice, bob, carol, dana)
    assert [due for _, due in await _waiting(shop)] == [shop.now + timedelta(**FREE_AGAIN)]
    await shop.later(hours=24)
    assert sinch.sent["shop"] == 6
    await shop.later(minutes=5)
    assert sinch.sent["shop"] == 7


async def test_who_was_told_of_a_place_that_moved_waits_for_the_next(shop: Walk, sinch: CountingSinch) -> None:
    alice, bob, carol, dana = await add_strangers(shop, 1, 2, 3, 4)
    await _write_to(shop, alice)
    await shop.later(minutes=10)
    await _write_to(shop, bob, carol, dana)
    await shop.later(minutes=10)
    await _write_to(shop, alice)
    await shop.later(hours=23, minutes=45)
    assert sinch.sent["shop"] == 4
    assert [due for _, due in await _waiting(shop)] == [NOW + timedelta(minutes=10) + timedelta(**FREE_AGAIN)]


async def test_an_open_window_takes_no_place(shop: Walk, sinch: CountingSinch) -> None:
    fans = [await add_fan(shop, number) for number in range(1, 6)]
    await _write_to(shop, *fans, *await add_strangers(shop, 11, 12, 13))
    assert sinch.sent["shop"] == 8
    await shop.later(hours=24)
    await _write_to(shop, *fans[:1])
    assert sinch.sent["shop"] == 8


async def test_a_window_with_another_number_of_the_customer_is_none(shop: Walk, sinch: CountingSinch) -> None:
    fan = await add_fan(shop, 1)
    async with shop.database.transaction() as connection:
        update = PropertyUpdate(fan, {"phone": f"+{PHONE.format(99)}"})
        await set_properties(connection, shop.project_id, [update], shop.now)
    await _write_to(shop, fan, *await add_strangers(shop, 2, 3, 4))
    assert sinch.sent["shop"] == 3


async def test_a_worker_leaves_alone_what_another_decides_at_this_moment(shop: Walk) -> None:
    for one in await add_strangers(shop, *range(12)):
        await queue(shop, one, 1)
    first, other = Turns(places=8), Turns(places=8)
    async with shop.database.transaction() as connection:
        await connection.execute("INSERT INTO tier_slices VALUES ('sender:shop', $1, 0, 0)", NOW)
        deciding = asyncio.create_task(claim_messages(shop.database, shop.box, Renderer(), first, shop.now))
        await _somebody_waits_for(connection)  # the first claim, with its count, before its commit
        meanwhile = claim_messages(shop.database, shop.box, Renderer(), other, shop.now)
        assert await asyncio.wait_for(meanwhile, 10) == ([], 0)
        assert other.outlook(0) is Outlook.NOT_YET
    assert len((await deciding)[0]) == 3
    assert (await claim_messages(shop.database, shop.box, Renderer(), other, shop.now))[0] == []


async def test_workers_that_decide_at_once_do_not_pass_it(shop: Walk) -> None:
    for one in await add_strangers(shop, *range(12)):
        await queue(shop, one, 1)
    ready = asyncio.Barrier(3)

    async def work() -> int:
        turns, sent = Turns(places=4), 0
        async with shop.database.connection():
            await ready.wait()  # from here on each has a connection to be given
        outlook = Outlook.MORE
        while outlook is not Outlook.NOTHING:
            calls, taken = await claim_messages(shop.database, shop.box, Renderer(), turns, shop.now)
            outlook = turns.outlook(taken)
            sent += len(calls)
        return sent

    assert sum(await asyncio.gather(work(), work(), work())) == 3
    assert [code for code, _ in await _waiting(shop)] == ["recipient_tier"] * 9
    assert await _rows(shop, "tier_recipients") == 3


async def test_workers_come_to_the_edge_together_and_to_the_end(shop: Walk, sinch: CountingSinch) -> None:
    for one in await add_strangers(shop, *range(8)):
        await queue(shop, one, 1)
    other = shop.worker()
    for _ in range(4):
        await asyncio.gather(*(worker.step() for worker in (shop.delivery, other) for _ in range(3)))
    await other.close()
    assert sinch.sent["shop"] == 3
    for _ in range(2):
        await shop.later(**FREE_AGAIN)
    assert sinch.sent["shop"] == 8


async def test_two_accounts_of_one_portfolio_share_it_over_all_projects(walk: Walk, sinch: CountingSinch) -> None:
    shops = [await open_shop(walk, name, tier=3, portfolio="P") for name in ("one", "two")]
    for shop in shops:
        await _write_to(shop, *await add_strangers(shop, 1, 2))
    assert sinch.sent == {"one": 2, "two": 2}  # 1 and 2 are the same persons to the portfolio
    await _write_to(shops[0], *await add_strangers(shops[0], 3))
    await _write_to(shops[1], *await add_strangers(shops[1], 4))
    assert sinch.sent == {"one": 3, "two": 2}


async def test_accounts_without_a_portfolio_count_each_for_itself(shop: Walk, sinch: CountingSinch) -> None:
    other, free = await open_shop(shop, "other", tier=3), await open_shop(shop, "free")
    for number, one in enumerate((shop, other, free)):
        await _write_to(one, *await add_strangers(one, *range(10 * number, 10 * number + 4)))
    assert sinch.sent == {"shop": 3, "other": 3, "free": 4}
    assert await _rows(shop, "tier_recipients") == 6


async def test_another_sender_does_not_wait_for_one_whose_tier_is_held(shop: Walk, sinch: CountingSinch) -> None:
    small = await open_shop(shop, "small", tier=3)
    for one in (shop, small):
        for stranger in await add_strangers(one, 1, 2):
            await queue(one, stranger, 1)
    async with shop.database.transaction() as connection:
        assert await try_tiers(connection, ["sender:shop"]) == {"sender:shop"}
        await asyncio.wait_for(small.delivery.step(), 5)
        await small.delivery.finish()
        assert sinch.sent == {"small": 2}
    await small.come_to_rest()
    assert sinch.sent == {"small": 2, "shop": 2}


async def test_another_sender_does_not_wait_behind_what_waits_for_a_tier(shop: Walk, sinch: CountingSinch) -> None:
    strangers = await add_strangers(shop, *range(5))
    await _write_to(shop, *strangers[:3])
    for one in strangers[3:]:
        await queue(shop, one, 500)
    await shop.come_to_rest()
    small = await open_shop(shop, "small", tier=3)
    await queue(small, (await add_strangers(small, 1))[0], 1)
    assert await small.delivery.step() == 1  # nothing of what waits is claimed again before its time
    await small.delivery.finish()
    assert sinch.sent == {"shop": 3, "small": 1}


async def test_what_waits_is_told_to_come_when_there_is_a_place_for_it(shop: Walk, sinch: CountingSinch) -> None:
    first, second, third, *others = await add_strangers(shop, *range(6))
    for one in (first, second, third):
        await _write_to(shop, one)
        await shop.later(minutes=5)
    await _write_to(shop, *others)
    free = NOW + timedelta(**FREE_AGAIN)
    assert [due for _, due in await _waiting(shop)] == [free + minutes * timedelta(minutes=1) for minutes in (0, 5, 10)]


async def test_doctor_names_what_waits(shop: Walk) -> None:
    await _write_to(shop, *await add_strangers(shop, 1, 2, 3, 4))
    (found,) = await diagnose(shop.database, shop.project_id, shop.now)
    assert (found.waits_for, found.what, found.waiting.code) == (
        Releaser.CLOCK,
        What.MESSAGES_DEFERRED,
        "recipient_tier",
    )
    assert found.waiting.sentence is not None
    assert "sender:shop has reached 3 people within 24 hours, and its tier is 3." in found.waiting.sentence
    assert "limits.tier" in found.remedy


async def test_what_waits_leaves_when_the_tier_is_raised(shop: Walk, sinch: CountingSinch) -> None:
    await _write_to(shop, *await add_strangers(shop, 1, 2, 3, 4, 5))
    await furnish(shop, "shop", tier=4)
    await shop.come_to_rest()
    assert sinch.sent["shop"] == 4
    await furnish(shop, "shop", tier="unlimited")
    await shop.come_to_rest()
    assert sinch.sent["shop"] == 5


async def test_a_lowered_tier_frees_no_place_until_enough_are_gone(shop: Walk, sinch: CountingSinch) -> None:
    first, second, third, fourth = await add_strangers(shop, 1, 2, 3, 4)
    for one in (first, second, third):
        await _write_to(shop, one)
        await shop.later(minutes=5)
    await furnish(shop, "shop", tier=2)
    await _write_to(shop, fourth)
    assert [due for _, due in await _waiting(shop)] == [NOW + timedelta(minutes=5) + timedelta(**FREE_AGAIN)]


async def test_what_waits_for_a_place_still_ends_with_its_use(shop: Walk) -> None:
    strangers = await add_strangers(shop, 1, 2, 3, 4)
    await _write_to(shop, *strangers[:3])
    await queue(shop, strangers[3], 1)
    async with shop.database.transaction() as connection:
        await connection.execute("UPDATE messages SET expires_at = $1 WHERE state = 'queued'", NOW + timedelta(hours=1))
    await shop.come_to_rest()
    await shop.later(hours=1)
    assert (await shop.states(strangers[3]))[-1] == "expired"


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_steps_an_hour_forgets_nobody(shop: Walk, sinch: CountingSinch, hours: int) -> None:
    strangers = await add_strangers(shop, 1, 2, 3, 4)
    shop.now += timedelta(hours=2)
    await _write_to(shop, *strangers[:3])
    shop.now += timedelta(hours=hours)
    await _write_to(shop, *strangers[2:])
    assert sinch.sent["shop"] == 4
    assert len(await _waiting(shop)) == 1


async def test_the_place_of_a_message_that_reached_nobody_goes_to_one_that_waits(
    shop: Walk, sinch: CountingSinch
) -> None:
    sinch.script.append(REFUSED)
    await _write_to(shop, *await add_strangers(shop, 1, 2, 3, 4))
    assert (sinch.sent["shop"], len(await _waiting(shop))) == (3, 1)
    assert await give_back_places(shop.database, shop.now) == 1
    await shop.come_to_rest()
    assert (sinch.sent["shop"], await _waiting(shop)) == (4, [])
    assert await _rows(shop, "tier_recipients") == 3
    await _write_to(shop, *await add_strangers(shop, 5))
    assert sinch.sent["shop"] == 4


async def test_who_was_reached_by_another_message_keeps_the_place(shop: Walk, sinch: CountingSinch) -> None:
    alice, bob, carol, dana = await add_strangers(shop, 1, 2, 3, 4)
    await _write_to(shop, alice)
    sinch.script.append(REFUSED)
    await _write_to(shop, alice)
    await _write_to(shop, bob, carol, dana)
    assert await give_back_places(shop.database, shop.now) == 1
    await shop.come_to_rest()
    assert (sinch.sent["shop"], len(await _waiting(shop))) == (4, 1)
    assert await count_reached(shop) == 3


async def test_a_message_that_was_tried_twice_takes_one_place_and_gives_it_back(
    shop: Walk, sinch: CountingSinch
) -> None:
    sinch.script.extend([HttpResponse(500, (), b"{}"), REFUSED])
    await _write_to(shop, *await add_strangers(shop, 1))
    await shop.later(minutes=1)
    assert sinch.sent["shop"] == 2
    assert await give_back_places(shop.database, shop.now) == 1
    assert await _rows(shop, "tier_recipients") == 0
    assert await count_reached(shop) == 0


async def test_a_message_within_a_window_has_no_place_to_give_back(shop: Walk, sinch: CountingSinch) -> None:
    sinch.script.append(REFUSED)
    await _write_to(shop, await add_fan(shop, 1))
    assert await give_back_places(shop.database, shop.now) == 0


async def test_what_was_given_up_may_have_arrived_and_keeps_its_place(shop: Walk, sinch: CountingSinch) -> None:
    (alice,) = await add_strangers(shop, 1)
    sinch.script.append(UnansweredError("cut"))
    await _write_to(shop, alice)
    await give_up(shop.database, str((await shop.events(alice))[-1]["message_id"]), Order("Olga", "lost"), shop.now)
    assert await give_back_places(shop.database, shop.now) == 0
    assert await count_reached(shop) == 1


async def test_a_place_is_given_back_when_nobody_counts_at_this_moment(shop: Walk, sinch: CountingSinch) -> None:
    sinch.script.append(REFUSED)
    await _write_to(shop, *await add_strangers(shop, 1))
    async with shop.database.transaction() as connection:
        assert await try_tiers(connection, ["sender:shop"]) == {"sender:shop"}
        assert await asyncio.wait_for(give_back_places(shop.database, shop.now), 10) == 0
    assert await give_back_places(shop.database, shop.now) == 1


async def test_who_counts_no_more_is_forgotten(shop: Walk) -> None:
    await _write_to(shop, *await add_strangers(shop, 1, 2))
    for passed, left in ((KEPT, (2, 1)), (timedelta(seconds=1), (0, 0))):
        shop.now += passed
        await forget_past(shop.database, shop.now)
        assert (await _rows(shop, "tier_recipients"), await _rows(shop, "tier_slices")) == left

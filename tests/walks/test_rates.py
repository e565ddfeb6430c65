"""No account sends faster than it may, however many workers there are, and none of them waits for another."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from parley.domain.http import HttpRequest, HttpResponse
from parley.integrations import parse_integration
from parley.presets import Renderer
from parley.queue.bucket import BURST_SECONDS, Level, Limit, take
from parley.services.claim_messages import claim_messages
from parley.services.deliver_messages import Delivery
from parley.services.permits import Permits, limits_on
from parley.services.turns import Outlook, Turns
from parley.store.database import Database
from parley.store.lanes import Lane, Turn
from parley.store.permits import Ask, take_permits
from tests.support.builders import NOW
from tests.walks.crowd import CountingSinch, add_fan, open_shop, queue
from tests.walks.walk import LEGACY, Walk

RATE = 40
TOO_FAST = HttpResponse(429, (), msgspec.json.encode({"message": "429", "reason": "", "details": ""}))


class TimedSinch(CountingSinch):
    """Notes when each call came."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    async def send(self, request: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109  the protocol's word
        self.times.append(asyncio.get_running_loop().time())
        return await super().send(request, timeout)

    def most_in(self, seconds: float) -> int:
        """The most calls of any span that long."""
        times = sorted(self.times)
        return max(sum(1 for other in times if at <= other < at + seconds) for at in times)


@pytest.fixture
def sinch(walk: Walk) -> TimedSinch:
    """Answers for all accounts of the test."""
    walk.sinch = sinch = TimedSinch()
    return sinch


@pytest.fixture
async def shop(walk: Walk, sinch: TimedSinch) -> AsyncIterator[Walk]:
    """One that may send 40 messages a second."""
    assert walk.sinch is sinch
    shop = await open_shop(walk, "paced", messages_per_second=RATE)
    yield shop
    await shop.delivery.close()


async def _work(worker: Delivery) -> float:
    """Until nothing is due; gives the longest that a step took."""
    loop, longest, done = asyncio.get_running_loop(), 0.0, 1
    while done:
        started = loop.time()
        done = await worker.step()
        longest = max(longest, loop.time() - started)
    await worker.close()
    return longest


async def test_three_workers_keep_one_rate(shop: Walk, sinch: TimedSinch) -> None:
    await queue(shop, await add_fan(shop, 1), 160)
    longest = max(await asyncio.gather(*(_work(shop.worker()) for _ in range(3))))
    assert sinch.sent == {"paced": 160}
    burst = RATE * BURST_SECONDS
    assert max(sinch.times) - min(sinch.times) > (160 - burst) / RATE - longest
    # Permits are given before the claim, whose length a busy machine decides: it may push the calls together.
    assert sinch.most_in(1.0) <= burst + RATE * (1.0 + longest)


async def test_a_throttled_sender_delays_nobody(shop: Walk, sinch: TimedSinch) -> None:
    slow = await open_shop(shop, "slow", messages_per_second=0.5)
    free = await open_shop(shop, "free", messages_per_second=None)
    await queue(slow, await add_fan(slow, 1), 1000)
    await queue(free, await add_fan(free, 2), 300)
    for _ in range(50):
        if sinch.sent["free"] < 300:
            await shop.delivery.step()
    assert sinch.sent["free"] == 300
    assert sinch.sent["slow"] < 30


async def test_a_reply_takes_the_next_permit(shop: Walk, sinch: TimedSinch) -> None:
    slow = await open_shop(shop, "slow", messages_per_second=4)
    alice = await add_fan(slow, 1)
    await queue(slow, alice, 50)
    await slow.delivery.step()
    await queue(slow, alice, 1, "question")
    while len(sinch.requests) < 3:
        await slow.delivery.step()
    await slow.delivery.close()
    assert '"An answer"' in sinch.requests[1].body.decode()


async def test_a_lane_without_permits_is_not_touched(shop: Walk) -> None:
    slow = await open_shop(shop, "slow", messages_per_second=0.1)
    await queue(slow, await add_fan(slow, 1), 20)
    for _ in range(3):
        await slow.delivery.step()
    await slow.delivery.close()
    async with shop.database.connection() as connection:
        rows = await connection.fetch("SELECT state, attempts, changed_at FROM messages WHERE state = 'queued'")
    assert len(rows) == 19
    assert {row["attempts"] for row in rows} == {0}


async def test_accounts_of_one_project_at_the_provider_share_its_requests(shop: Walk) -> None:
    requests = Limit("requests:P", 8)
    one, other = Lane(shop.project_id, "one"), Lane(shop.project_id, "other")
    limits = {one: (Limit("sender:1", 80), requests), other: (Limit("sender:2", 80), requests)}
    async with shop.database.connection() as connection:
        turns = await Permits().take(connection, [Turn(one, 0, 1), Turn(one, 10, 5), Turn(other, 10, 5)], limits)
    assert [turn.share for turn in turns] == [1, 1]


@pytest.mark.parametrize("per_second", [4, 40], ids=["one permit at a time", "ten at a time"])
async def test_whoever_shares_a_limit_gets_an_equal_part_of_it(shop: Walk, per_second: float) -> None:
    lanes = [Lane(shop.project_id, name) for name in ("one", "other", "third")]
    limit = Limit(f"requests:{per_second}", per_second)
    permits, got = Permits(), Counter[Lane]()
    async with shop.database.connection() as connection:
        for _ in range(6):
            wanted = [Turn(one, 10, 20) for one in lanes]
            turns = await permits.take(connection, wanted, dict.fromkeys(lanes, (limit,)))
            got.update({turn.lane: turn.share for turn in turns})
            await connection.execute("UPDATE permits SET counted_at = counted_at - interval '1 second'")
    assert got == dict.fromkeys(lanes, 6 * int(limit.burst) / len(lanes))


@pytest.mark.parametrize("limits_of_third", [(), (Limit("sender:third", 4),)], ids=["without a limit", "with its own"])
async def test_a_lane_that_shares_nothing_changes_no_share_of_those_that_do(
    shop: Walk, limits_of_third: tuple[Limit, ...]
) -> None:
    one, other, third = (Lane(shop.project_id, name) for name in ("one", "other", "third"))
    shared = (Limit("requests:P", 4),)
    permits, got = Permits(), Counter[Lane]()
    async with shop.database.connection() as connection:
        for _ in range(6):
            wanted = [Turn(lane, 10, 5) for lane in (one, other, third)]
            turns = await permits.take(connection, wanted, {one: shared, other: shared, third: limits_of_third})
            got.update({turn.lane: turn.share for turn in turns})
            await connection.execute("UPDATE permits SET counted_at = counted_at - interval '1 second'")
    assert (got[one], got[other]) == (3, 3)


@pytest.mark.parametrize("app", ["one", "other"])
def test_an_app_has_a_rate_of_its_own_and_shares_the_requests_of_its_project(app: str) -> None:
    account = {"project_id": "P", "app_id": app, "key_id": "k", "key_secret": "s"}
    file = {"kind": "integration", "name": app, "api": "sinch_conversation", "account": account}
    limits = limits_on(parse_integration(msgspec.json.encode(file)))
    assert limits == (Limit(f"sender:{app}", 20), Limit("requests:P", 800))


def test_accounts_that_belong_to_no_project_at_the_provider_have_their_requests_to_themselves() -> None:
    def requests_of(account: str) -> str:
        file = LEGACY | {"account": LEGACY["account"] | {"account": account}, "limits": {"requests_per_second": 1}}
        return limits_on(parse_integration(msgspec.json.encode(file)))[-1].name

    assert requests_of("one") != requests_of("other")


async def test_permits_that_were_not_used_go_back_with_the_next_ask(shop: Walk) -> None:
    lane, limits = Lane(shop.project_id, "one"), (Limit("sender:1", 0.001),)
    permits = Permits()
    async with shop.database.connection() as connection:
        assert await permits.take(connection, [Turn(lane, 10, 1)], {lane: limits})
        assert not await permits.take(connection, [Turn(lane, 10, 1)], {lane: limits})
        assert permits.pause(limits) > 100
        permits.give_back(limits, 1)
        assert await permits.take(connection, [Turn(lane, 10, 1)], {lane: limits})


async def test_permits_of_one_limit_go_back_where_another_gave_none(shop: Walk) -> None:
    lane, other = Lane(shop.project_id, "one"), Lane(shop.project_id, "other")
    sender, requests = Limit("sender:1", 0.001), Limit("requests:P", 0.001)
    limits = {lane: (sender, requests), other: (requests,)}
    permits = Permits()
    async with shop.database.connection() as connection:
        assert await permits.take(connection, [Turn(other, 10, 1)], limits)
        assert not await permits.take(connection, [Turn(lane, 10, 1)], limits)
        permits.give_back((requests,), 1)
        assert await permits.take(connection, [Turn(lane, 10, 1)], limits)


async def _claim(shop: Walk, turns: Turns) -> tuple[Counter[UUID], Outlook]:
    calls, taken = await claim_messages(shop.database, shop.box, Renderer(), turns, shop.now)
    return Counter(call.lane.project_id for call in calls), turns.outlook(taken)


async def test_what_finds_no_permit_because_another_worker_has_it_is_looked_at_again_soon(shop: Walk) -> None:
    slow = await open_shop(shop, "slow", messages_per_second=0.1)
    await queue(slow, await add_fan(slow, 1), 2)
    assert await _claim(slow, Turns()) == ({slow.project_id: 1}, Outlook.MORE)
    assert await _claim(slow, Turns()) == ({}, Outlook.NOT_YET)


async def test_a_limit_that_was_raised_counts_at_once(shop: Walk) -> None:
    lane, slow, fast = Lane(shop.project_id, "one"), Limit("sender:1", 0.001), Limit("sender:1", 1000)
    permits = Permits()
    async with shop.database.connection() as connection:
        assert await permits.take(connection, [Turn(lane, 10, 1)], {lane: (slow,)})
        assert not await permits.take(connection, [Turn(lane, 10, 1)], {lane: (slow,)})
    assert permits.pause((slow,)) > 100
    assert permits.pause((fast,)) == 0


async def test_a_sender_that_is_too_fast_waits_and_the_others_go_on(shop: Walk, sinch: TimedSinch) -> None:
    free = await open_shop(shop, "free", messages_per_second=None)
    await queue(shop, await add_fan(shop, 1), 20)
    sinch.script.append(TOO_FAST)
    await shop.delivery.step()
    await shop.delivery.finish()
    told = sinch.sent["paced"]
    await queue(free, await add_fan(free, 2), 20)
    await shop.come_to_rest()
    assert (sinch.sent["paced"], sinch.sent["free"]) == (told, 20)
    await shop.later(seconds=2)
    assert sinch.sent["paced"] == 21


async def test_a_sender_that_stays_too_fast_waits_twice_as_long_each_time_up_to_five_minutes(
    shop: Walk, sinch: TimedSinch
) -> None:
    await queue(shop, await add_fan(shop, 1), 1)
    held = [0.0]
    for _ in range(11):
        sinch.script.append(TOO_FAST)
        await shop.later(seconds=held[-1] + 1)
        held.append(await _held(shop))
    assert held[1:] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    sinch.script.append(TOO_FAST)
    await shop.later(seconds=held[-1] + 61)  # after a minute without it
    assert await _held(shop) == 1


async def _held(shop: Walk) -> float:
    """For so many seconds from now."""
    async with shop.database.connection() as connection:
        seconds: float = await connection.fetchval("SELECT extract(epoch FROM until - $1)::float FROM holds", shop.now)
        return seconds


@pytest.mark.parametrize("seed", range(10))
async def test_the_statement_agrees_with_the_plain_bucket(database: Database, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  a sequence to repeat, no secret
    limit = Limit(f"seed-{seed}", chance.choice([0.5, 3, 20, 80, 1000]))
    level, now = Level(limit.burst, NOW), NOW
    async with database.connection() as connection:
        for _ in range(30):
            now += timedelta(seconds=chance.choice([0.0, chance.random(), chance.random() * 5, 3600.0, -3600.0]))
            wanted, returned = chance.randrange(300), chance.randrange(3)
            level, granted = take(level, limit, wanted, returned, now)
            ask = Ask(limit.name, limit.per_second, limit.burst, wanted, returned)
            told = (await take_permits(connection, [ask], now))[limit.name]
            assert told.count == granted
            assert told.left_over == pytest.approx(level.permits, abs=1e-3)


async def test_of_projects_that_say_different_rates_of_one_account_the_lowest_counts_in_a_claim(shop: Walk) -> None:
    one, other = Lane(shop.project_id, "one"), Lane(shop.project_id, "other")
    limits = {one: (Limit("sender:1", 40),), other: (Limit("sender:1", 8),)}
    async with shop.database.connection() as connection:
        turns = await Permits().take(connection, [Turn(one, 10, 10), Turn(other, 10, 2)], limits)
    assert [turn.share for turn in turns] == [1, 1]


async def test_two_projects_that_say_different_rates_of_one_account_both_send(shop: Walk, sinch: TimedSinch) -> None:
    other = await open_shop(shop, "paced", messages_per_second=RATE // 2)
    for number, one in enumerate((shop, other), 1):
        await queue(one, await add_fan(one, number), 5)
    await _work(shop.worker())
    assert sinch.sent == {"paced": 10}

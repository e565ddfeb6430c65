"""A worker's connection is cut at the commit of its claim: whether it counts or not, each message leaves once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from parley.domain.ids import bucket_of
from parley.presets import Renderer
from parley.services.anonymize import anonymize
from parley.services.claim_messages import UnansweredClaimError, claim_messages
from parley.services.deliver_messages import END_SECONDS, Delivery
from parley.services.patience import LEASE
from parley.services.settle_message import Order, give_up, send_again
from parley.services.turns import Turns
from parley.store.database import Connection, Database
from tests.support.builders import Cast
from tests.walks.walk import Walk

COUNTS = pytest.mark.parametrize("counts", [True, False], ids=["it counts", "it does not"])
OVER = timedelta(minutes=5)
"""Longer than a lease."""
MOMENT = timedelta(microseconds=1)
SLACK = 2.0
"""Seconds that a busy machine may take for what takes some milliseconds."""
ORDER = Order("Jana", "She was there.")


class _CutTransaction:
    """Its commit gets no answer."""

    def __init__(self, transaction: asyncpg.transaction.Transaction, *, counts: bool) -> None:
        self._counts = counts
        self._end = transaction.commit if counts else transaction.rollback
        self.start = transaction.start
        self.rollback = transaction.rollback

    async def commit(self) -> None:
        await self._end()
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")


class _CutConnection:
    """What hands out such transactions."""

    def __init__(self, connection: Connection, *, counts: bool) -> None:
        self._connection = connection
        self._counts = counts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def transaction(self) -> Any:
        """Savepoints within are whole: it is the claim's own end that is cut."""
        transaction = self._connection.transaction()
        is_own = not self._connection.is_in_transaction()
        return _CutTransaction(transaction, counts=self._counts) if is_own else transaction


class _CutDatabase(Database):
    """Only claims work by a connection of their own; all else is whole."""

    def __init__(self, database: Database, *, counts: bool) -> None:
        self._whole = database
        self._counts = counts

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        async with self._whole.connection() as connection:
            yield _CutConnection(connection, counts=self._counts)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self._whole.transaction() as connection:
            yield connection


async def _cut_off(walk: Walk, people: Cast, *, counts: bool) -> Delivery:
    """A worker who has claimed a message and got no answer."""
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.plan()
    database = _CutDatabase(walk.database, counts=counts)
    worker = Delivery(database, walk.box, walk.sinch, lambda: walk.now, lambda: 0.5)
    with pytest.raises(UnansweredClaimError):
        await worker.step()
    walk.now += MOMENT
    return worker


async def _recover(walk: Walk, worker: Delivery) -> None:
    await worker.recover()
    await worker.close()
    await walk.come_to_rest()


async def _states(walk: Walk, people: Cast) -> list[str]:
    return await walk.states(people.alice, "template")


async def _message_id(walk: Walk, people: Cast) -> str:
    return str((await walk.events(people.alice))[-1]["message_id"])


@COUNTS
async def test_it_is_sent_at_the_next_turn_and_once(walk: Walk, people: Cast, counts: bool) -> None:
    worker = await _cut_off(walk, people, counts=counts)
    assert walk.sinch.requests == []
    await _recover(walk, worker)
    assert len(walk.sinch.bodies()) == 1
    again = ["queued"] if counts else []
    assert await _states(walk, people) == ["queued", *again, "accepted"]
    told = [one for one in await walk.events(people.alice) if one.get("code") == "not_begun"]
    assert ["sent_timestamp" in one for one in told] == [False for _ in again], "it did not leave"


async def test_two_that_wait_at_once_are_both_put_back(walk: Walk, people: Cast) -> None:
    worker = await _cut_off(walk, people, counts=True)
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/8")
    await walk.plan()
    with pytest.raises(UnansweredClaimError):
        await worker.step()
    walk.now += MOMENT
    await _recover(walk, worker)
    assert len(walk.sinch.bodies()) == 2


@COUNTS
async def test_what_another_worker_calls_by_now_is_left_alone(walk: Walk, people: Cast, counts: bool) -> None:
    """Put back by the first and claimed by another, or claimed by another because the first one's did not count."""
    worker = await _cut_off(walk, people, counts=counts)

    async def look() -> None:
        await worker.recover()

    await look()
    walk.sinch.before_answer = look
    await _recover(walk, worker)
    assert len(walk.sinch.bodies()) == 1
    assert (await _states(walk, people))[-1] == "accepted"


async def test_it_is_put_back_though_its_lease_was_over_before_anybody_could_look(walk: Walk, people: Cast) -> None:
    worker = await _cut_off(walk, people, counts=True)
    walk.now += OVER
    await _recover(walk, worker)
    assert len(walk.sinch.bodies()) == 1
    assert await _states(walk, people) == ["queued", "queued", "accepted"]


async def test_it_is_put_back_though_another_worker_looked_first_after_its_lease(walk: Walk, people: Cast) -> None:
    worker = await _cut_off(walk, people, counts=True)
    walk.now += OVER
    await walk.delivery.recover()
    assert (await _states(walk, people))[-1] == "uncertain"
    await _recover(walk, worker)
    assert len(walk.sinch.bodies()) == 1
    assert await _states(walk, people) == ["queued", "uncertain", "queued", "accepted"]


async def _claimed_by_another_who_vanished(walk: Walk, _: Cast, __: Delivery) -> None:
    """This is the message's first try, too, where the first one's claim did not count; and it may have been sent."""
    calls, _taken = await claim_messages(walk.database, walk.box, Renderer(), Turns(), walk.now)
    assert len(calls) == 1
    walk.now += OVER
    await walk.delivery.recover()


async def _given_up(walk: Walk, people: Cast, _: Delivery) -> None:
    await _lost(walk)
    await give_up(walk.database, await _message_id(walk, people), ORDER, walk.now)


async def _sent_again_and_lost_again(walk: Walk, people: Cast, worker: Delivery) -> None:
    await _lost(walk)
    await send_again(walk.database, await _message_id(walk, people), ORDER, walk.now)
    await _claimed_by_another_who_vanished(walk, people, worker)


async def _erased(walk: Walk, people: Cast, _: Delivery) -> None:
    await _lost(walk)
    await anonymize(walk.database, walk.project.project, [people.alice], walk.now)


async def _put_back_and_deferred(walk: Walk, _: Cast, worker: Delivery) -> None:
    await worker.recover()
    async with walk.database.connection() as connection:
        deferred = "UPDATE messages SET state = 'planned', due_at = $1 WHERE kind = 'template'"
        await connection.execute(deferred, walk.now + timedelta(days=1))


async def _lost(walk: Walk) -> None:
    walk.now += OVER
    await walk.delivery.recover()


@pytest.mark.parametrize(
    ("meanwhile", "counts", "stands"),
    [
        (_claimed_by_another_who_vanished, False, "uncertain"),
        (_given_up, True, "failed"),
        (_sent_again_and_lost_again, True, "uncertain"),
        (_erased, True, "uncertain"),
        (_put_back_and_deferred, True, "planned"),
    ],
    ids=lambda one: getattr(one, "__name__", str(one)).strip("_"),
)
async def test_what_has_gone_another_way_since_is_left_alone(
    walk: Walk, people: Cast, meanwhile: Callable[[Walk, Cast, Delivery], Awaitable[None]], counts: bool, stands: str
) -> None:
    worker = await _cut_off(walk, people, counts=counts)
    await meanwhile(walk, people, worker)
    await worker.recover()
    await worker.close()
    async with walk.database.connection() as connection:
        assert await connection.fetchval("SELECT state FROM messages WHERE kind = 'template'") == stands


async def test_it_is_put_back_though_its_commit_came_after_the_first_look_past_its_lease(
    walk: Walk, people: Cast
) -> None:
    """The database hung, and goes on with what it was told before it hears of anything new, or not."""
    worker = await _cut_off(walk, people, counts=False)
    left_at = walk.now - MOMENT
    walk.now += OVER
    await worker.recover()
    async with walk.database.connection() as connection:
        late = (
            "UPDATE messages SET state = 'sending', attempts = 1, left_at = $1, lease_until = $2 WHERE state = 'queued'"
        )
        await connection.execute(late, left_at, left_at + LEASE)
    await _recover(walk, worker)
    assert len(walk.sinch.bodies()) == 1
    assert (await _states(walk, people))[-1] == "accepted"


async def test_it_is_put_back_wherever_a_merge_took_it(walk: Walk, people: Cast) -> None:
    worker = await _cut_off(walk, people, counts=True)
    async with walk.database.connection() as connection:
        merged = "UPDATE messages SET customer_id = $1, bucket = $2 WHERE kind = 'template'"
        await connection.execute(merged, people.bob, bucket_of(people.bob))
    await worker.recover()
    await worker.close()
    assert (await walk.states(people.bob, "template"))[-1] == "queued"


async def test_it_is_not_looked_for_for_ever(walk: Walk, people: Cast) -> None:
    worker = await _cut_off(walk, people, counts=False)
    await worker.recover()
    await worker.recover()
    for over, looked_for in ((OVER, 1), (MOMENT, 0)):
        assert len(worker._unanswered) == 1  # noqa: SLF001  there is no other sign of it
        walk.now += over
        await worker.recover()
        assert len(worker._unanswered) == looked_for  # noqa: SLF001
    await worker.close()


async def test_a_look_that_fails_does_not_count(walk: Walk, people: Cast) -> None:
    worker = await _cut_off(walk, people, counts=True)
    walk.now += OVER
    async with walk.database.connection() as connection:
        await connection.execute("ALTER TABLE messages ADD CONSTRAINT refuse CHECK (outcome_code <> 'not_begun')")
    for _ in range(3):
        with pytest.raises(asyncpg.CheckViolationError):
            await worker.recover()
    assert (await _states(walk, people))[-1] == "uncertain"  # the lease ended all the same
    async with walk.database.connection() as connection:
        await connection.execute("ALTER TABLE messages DROP CONSTRAINT refuse")
    await _recover(walk, worker)
    assert len(walk.sinch.bodies()) == 1


async def test_a_worker_that_ends_puts_it_back_first(walk: Walk, people: Cast) -> None:
    worker = await _cut_off(walk, people, counts=True)
    await worker.close()
    assert (await _states(walk, people))[-1] == "queued"


async def test_a_worker_ends_though_it_can_put_nothing_back(walk: Walk, people: Cast) -> None:
    worker = await _cut_off(walk, people, counts=True)
    async with walk.database.transaction() as connection:
        await connection.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        with capture_logs() as said:
            await asyncio.wait_for(worker.close(), 20)
        assert END_SECONDS <= time.monotonic() - began < END_SECONDS + SLACK
    assert [(line["event"], line["exc_info"]) for line in said] == [
        ("claims without an answer were not put back", False)  # a line, and no traceback
    ]

"""A worker's connection is cut at the commit of its claim: whether it counts or not, each message leaves once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from parley.services.claim_messages import UnansweredClaimError
from parley.services.deliver_messages import Delivery
from parley.store.database import Connection, Database
from tests.support.builders import Cast
from tests.walks.walk import Walk

COUNTS = pytest.mark.parametrize("counts", [True, False], ids=["it counts", "it does not"])


class _CutConnection:
    """Its commits get no answer."""

    def __init__(self, connection: Connection, *, counts: bool) -> None:
        self._connection = connection
        self._counts = counts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        transaction = self._connection.transaction()
        await transaction.start()
        yield
        await (transaction.commit() if self._counts else transaction.rollback())
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")


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
    walk.now += timedelta(microseconds=1)
    return worker


async def _recover(walk: Walk, worker: Delivery) -> None:
    await worker.recover()
    await worker.close()
    await walk.come_to_rest()


@COUNTS
async def test_it_is_sent_at_the_next_turn_and_once(walk: Walk, people: Cast, counts: bool) -> None:
    worker = await _cut_off(walk, people, counts=counts)
    assert walk.sinch.requests == []
    await _recover(walk, worker)
    assert len(walk.sinch.bodies()) == 1
    again = ["sending", "queued"] if counts else []
    assert await walk.states(people.alice, "template") == ["queued", *again, "sending", "accepted"]


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
    assert (await walk.states(people.alice, "template"))[-2:] == ["sending", "accepted"]


async def test_it_is_put_back_though_its_lease_was_over_before_anybody_could_look(walk: Walk, people: Cast) -> None:
    worker = await _cut_off(walk, people, counts=True)
    walk.now += timedelta(minutes=5)
    await _recover(walk, worker)
    assert len(walk.sinch.bodies()) == 1
    assert (await walk.states(people.alice, "template"))[-3:] == ["queued", "sending", "accepted"]


async def test_it_is_not_looked_for_for_ever(walk: Walk, people: Cast) -> None:
    """After its lease once: whatever claims the message then is somebody else's."""
    worker = await _cut_off(walk, people, counts=False)
    walk.now += timedelta(minutes=5)
    await worker.recover()
    assert worker._unanswered == []  # noqa: SLF001  there is no other sign of it
    await worker.close()

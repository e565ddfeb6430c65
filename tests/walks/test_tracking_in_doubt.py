"""What may be stored already is not tried again, and nobody waits behind a database that stores nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import asyncpg
import pytest

from parley.access import Role
from parley.domain.customer import CustomerIds
from parley.services import track_together
from parley.services.callers import Caller
from parley.services.resolve_customers import resolve_customers
from parley.services.track import Command, Done, Result, TrackEvent, UpdateCustomer
from parley.services.track_together import LANES, TOGETHER, TrackTogether
from parley.store.database import is_in_doubt
from parley.store.projects import project_by_id
from tests.support.builders import NOW, ids
from tests.walks.outage import Outage

PEOPLE = [ids(f"person-{one}") for one in range(TOGETHER)]
Told = Sequence[tuple[Result, ...] | BaseException]


class Shop:
    """Its clients all call at the same time."""

    def __init__(self, outage: Outage, caller: Caller) -> None:
        self.outage = outage
        self.caller = caller
        self._tracking = TrackTogether(outage.database)

    async def tell(self, commands: Sequence[Command]) -> Told:
        """A call for each of them."""
        calls = (self._tracking.track(self.caller, [one], NOW) for one in commands)
        return await asyncio.gather(*calls, return_exceptions=True)

    async def orders(self) -> int:
        """That are stored."""
        async with self.outage.database.connection() as connection:
            count: int = await connection.fetchval("SELECT count(*) FROM events WHERE type = 'order'")
        return count


def order(who: CustomerIds) -> TrackEvent:
    """With nothing that tells it from another one."""
    return TrackEvent(who, "order", {})


@pytest.fixture
async def shop(outage: Outage) -> Shop:
    async with outage.database.connection() as connection:
        project = await project_by_id(connection, await outage.project_id())
    assert project is not None
    shop = Shop(outage, Caller(project, Role.EDITOR, "a key"))
    assert await shop.tell([UpdateCustomer(who, {}) for who in PEOPLE]) == [(Done(),)] * TOGETHER
    return shop


async def test_who_was_cut_off_after_the_commit_is_not_stored_twice(shop: Shop) -> None:
    async with shop.outage.without_its_standby():
        telling = asyncio.create_task(shop.tell([order(who) for who in PEOPLE]))
        await shop.outage.cut("SyncRep")
    assert _is_the_same_doubt(await telling)
    assert await shop.orders() == len(PEOPLE)


async def test_who_was_cut_off_before_the_commit_is_not_tried_again_and_hears_at_once(shop: Shop) -> None:
    async with _a_locked_customer(shop):
        telling = asyncio.create_task(shop.tell([UpdateCustomer(PEOPLE[0], {"n": 1}), *map(order, PEOPLE)]))
        await shop.outage.cut("transactionid")
        told = await telling
    assert _is_the_same_doubt(told[:TOGETHER])
    assert told[TOGETHER:] == [(Done(),)]
    assert await shop.orders() == 1


def _is_the_same_doubt(told: Told) -> bool:
    """Of one transaction, or of whoever hears what came of it."""
    (error,) = set(told)
    return isinstance(error, Exception) and is_in_doubt(error)


@asynccontextmanager
async def _a_locked_customer(shop: Shop) -> AsyncIterator[None]:
    async with shop.outage.database.transaction() as connection:
        await resolve_customers(connection, shop.caller.project.id, PEOPLE[:1], NOW)
        yield


@asynccontextmanager
async def _a_locked_table(outage: Outage) -> AsyncIterator[None]:
    """As a migration does."""
    async with outage.database.transaction() as connection:
        await connection.execute("LOCK TABLE events IN EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize("held_up", [_a_locked_table, Outage.without_its_standby])
async def test_all_hear_of_it_together_when_the_database_answers_and_stores_nothing(
    shop: Shop, held_up: Callable[[Outage], AbstractAsyncContextManager[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(track_together, "ANSWER_SECONDS", 2.0)
    async with held_up(shop.outage):
        told = await shop.tell([order(who) for who in PEOPLE * 5])
    assert {type(one) for one in told} == {TimeoutError}
    assert len(set(told)) <= LANES  # who is in the queue hears of it with them, and is not tried
    await _come_again(shop, order(PEOPLE[0]))


async def _come_again(shop: Shop, command: Command) -> None:
    """Until it is stored: a lane that still looks after its own transaction may refuse once more as it gives up."""
    async with asyncio.timeout(30):
        while await shop.tell([command]) != [(Done(),)]:
            pass


async def test_all_hear_of_it_together_when_that_begins_as_they_are_stored_one_by_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(track_together, "ANSWER_SECONDS", 2.0)
    async with _a_locked_table(shop.outage):
        broken, *others = await shop.tell([UpdateCustomer(PEOPLE[0], {"text": "\x00"}), *map(order, PEOPLE[1:])])
    assert isinstance(broken, asyncpg.PostgresError)
    assert _is_the_same_doubt(others)

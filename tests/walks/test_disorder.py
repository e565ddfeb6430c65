"""What the provider tells in another order, twice, or to several servers at once ends in the right state."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import combinations, permutations
from typing import Any
from uuid import UUID

import msgspec
import pytest

from parley.domain.suppression import Suppression
from parley.services.people import people as persons
from parley.services.read_callbacks import read_callbacks
from parley.services.receive_callbacks import Callback, keep
from tests.support.builders import Cast, add_customer
from tests.walks.walk import Walk, inbound, status

ONE, OTHER = "421901111111", "421901222222"
SECOND = timedelta(seconds=1)


async def _sent(walk: Walk, people: Cast) -> str:
    """What the provider calls one more message that it has taken."""
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.come_to_rest()
    return f"SINCH-{len(walk.sinch.bodies())}-0"


async def _state(walk: Walk, provider_message_id: str) -> str:
    async with walk.database.connection() as connection:
        state: str = await connection.fetchval(
            "SELECT state FROM messages WHERE provider_message_id = $1", provider_message_id
        )
        return state


@pytest.mark.parametrize(
    ("told", "ends"),
    [
        (("dispatched", "sent", "delivered", "read"), "read"),
        (("sent", "failed"), "failed"),
        (("failed", "delivered"), "delivered"),
        (("sent", "failed", "read"), "read"),
    ],
    ids=" ".join,
)
async def test_reports_end_in_one_state_in_whatever_order_and_however_often(
    walk: Walk, people: Cast, told: tuple[str, ...], ends: str
) -> None:
    for order in permutations(told):
        message = await _sent(walk, people)
        for place, state in enumerate((*order, *order)):
            walk.now += SECOND
            await walk.call_back(status(message, state, walk.now + place * SECOND))
        assert await _state(walk, message) == ends, order


async def test_a_batch_that_came_in_disorder_tells_its_story_in_order(walk: Walk, people: Cast) -> None:
    message = await _sent(walk, people)
    await walk.call_back(*(status(message, state, walk.now) for state in ("read", "sent", "delivered")))
    assert (await walk.states(people.alice, "template"))[-3:] == ["sent", "delivered", "read"]


@pytest.mark.parametrize("pair", [*combinations(("sent", "failed", "delivered", "read"), 2)], ids=" ".join)
async def test_two_reports_say_the_same_of_a_message_together_and_one_after_the_other(
    walk: Walk, people: Cast, pair: tuple[str, str]
) -> None:
    said: list[tuple[Any, ...]] = []
    for batches in ([pair], [(state,) for state in pair]):
        message = await _sent(walk, people)
        for batch in batches:
            await walk.call_back(*(status(message, state, walk.now, "why") for state in batch))
        async with walk.database.connection() as connection:
            asked = "SELECT state, outcome_code, outcome_sentence FROM messages WHERE provider_message_id = $1"
            said += map(tuple, await connection.fetch(asked, message))
    assert said[0] == said[1]
    assert ("failed" in pair) == (said[0][1] is not None)


@asynccontextmanager
async def _read_by_another_server(walk: Walk) -> AsyncIterator[None]:
    """The callback that came first is in the hands of another server, which is slow."""
    async with walk.database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SELECT FROM callbacks_unread ORDER BY arrived LIMIT 1 FOR UPDATE")
        yield
        await transaction.rollback()  # it begins again


async def _read(walk: Walk, first: Mapping[str, Any], second: Mapping[str, Any], *, in_disorder: bool) -> None:
    for one in (first, second):
        callback = await walk.judged({}, msgspec.json.encode(one))
        assert isinstance(callback, Callback)
        async with walk.database.transaction() as connection:
            await keep(connection, [callback], walk.now)
    if in_disorder:
        async with _read_by_another_server(walk):
            assert await read_callbacks(walk.database) is not None
    while await read_callbacks(walk.database) is not None:
        pass


@pytest.mark.parametrize("pair", [*permutations(("sent", "delivered", "read", "failed"), 2)], ids=" ".join)
async def test_two_servers_that_read_reports_at_once_end_where_one_does(
    walk: Walk, people: Cast, pair: tuple[str, str]
) -> None:
    ends = []
    for in_disorder in (False, True):
        message = await _sent(walk, people)
        first, second = (status(message, state, walk.now + place * SECOND) for place, state in enumerate(pair))
        await _read(walk, first, second, in_disorder=in_disorder)
        ends.append(await _state(walk, message))
    assert ends[0] == ends[1]


async def _standing(walk: Walk, customer_id: UUID) -> tuple[object, object, list[Suppression]]:
    """Whatever of the person decides what may be sent."""
    async with walk.database.connection() as connection:
        person = (await persons(connection, [customer_id]))[customer_id]
    windows = [(one.account, one.last_inbound_at) for one in person.windows]
    stops = [one for one in person.suppressions if person.agreed_at is None or one.since >= person.agreed_at]
    return person.consented(walk.now), windows, stops


@pytest.mark.parametrize("apart", [timedelta(), SECOND], ids=["in one second", "one after the other"])
@pytest.mark.parametrize("pair", [*permutations(("STOP", "START", "hello"), 2), ("hello", "hello")], ids=" ".join)
async def test_two_servers_that_read_messages_at_once_end_where_one_does(
    walk: Walk, pair: tuple[str, str], apart: timedelta
) -> None:
    standing = []
    walk.now += timedelta(minutes=1)
    for phone, in_disorder in ((ONE, False), (OTHER, True)):
        customer_id = await add_customer(walk.database, walk.project, phone, {"phone": f"+{phone}"})
        first, second = (
            inbound(phone, text, walk.now - SECOND + place * apart, f"{phone}-{place}")
            for place, text in enumerate(pair)
        )
        await _read(walk, first, second, in_disorder=in_disorder)
        standing.append(await _standing(walk, customer_id))
    assert standing[0] == standing[1]


@pytest.mark.parametrize(
    ("said", "is_stopped"), [(("STOP", "START", "STOP"), True), (("START", "STOP", "START"), False)], ids=str
)
async def test_keywords_count_by_the_time_at_which_they_were_said(
    walk: Walk, said: tuple[str, ...], is_stopped: bool
) -> None:
    began = walk.now
    walk.now += timedelta(minutes=1)
    for number, order in enumerate(permutations(enumerate(said))):
        phone = f"4219033{number:05}"
        customer_id = await add_customer(walk.database, walk.project, phone, {"phone": f"+{phone}"})
        for place, text in order:
            await walk.call_back(inbound(phone, text, began + place * SECOND, f"{phone}-{place}"))
        _, _, stops = await _standing(walk, customer_id)
        assert bool(stops) is is_stopped, order

"""A worker records what it knows of its messages without reading them first: as if it had, whatever came between."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from parley.domain.ids import bucket_of, new_id_in
from parley.domain.message import State
from parley.presets import Renderer
from parley.services.claim_messages import Call, claim_messages
from parley.services.move_messages import Change, move_as_left, move_messages
from parley.services.turns import Turns
from parley.store.customers import insert_customers
from parley.store.database import Connection
from tests.support.builders import Cast
from tests.walks.walk import Walk

SAID: dict[str, dict[str, Any]] = {
    "accepted": {"state": State.ACCEPTED, "provider_message_id": "SINCH-7"},
    "failed": {"state": State.FAILED, "code": "rejected", "sentence": "No."},
    "uncertain": {"state": State.UNCERTAIN, "code": "unanswered", "sentence": "Silence."},
    "again": {"state": State.QUEUED, "code": "provider_error", "sentence": "Later.", "due": timedelta(minutes=5)},
}
"""What became of the call."""


async def _nothing(_: Connection, __: Walk, ___: Cast, ____: Call) -> None:
    return


async def _report(connection: Connection, walk: Walk, _: Cast, call: Call) -> None:
    report = Change(call.messages[0].id, State.DELIVERED, walk.now, provider_message_id="SINCH-7")
    await move_messages(connection, [report], walk.now)


async def _lease_ran_out(connection: Connection, walk: Walk, _: Cast, call: Call) -> None:
    await move_messages(connection, [Change(call.messages[0].id, State.UNCERTAIN, walk.now)], walk.now)


async def _taken_by_another(connection: Connection, _: Walk, __: Cast, call: Call) -> None:
    await connection.execute("UPDATE messages SET attempts = attempts + 1 WHERE id = $1", call.messages[0].id)


async def _merged(connection: Connection, _: Walk, people: Cast, call: Call) -> None:
    moved = "UPDATE messages SET customer_id = $2, bucket = $3 WHERE id = $1"
    await connection.execute(moved, call.messages[0].id, people.bob, bucket_of(people.bob))


async def _merged_in_its_bucket(connection: Connection, walk: Walk, _: Cast, call: Call) -> None:
    (row,) = call.messages
    other = new_id_in(row.bucket)
    await insert_customers(connection, walk.project.project_id, [other], walk.now)
    await connection.execute("UPDATE messages SET customer_id = $2 WHERE id = $1", row.id, other)


MEANWHILE: list[Callable[[Connection, Walk, Cast, Call], Awaitable[None]]] = [
    _nothing,
    _report,
    _lease_ran_out,
    _taken_by_another,
    _merged,
    _merged_in_its_bucket,
]


class _Undone(Exception):  # noqa: N818  no error: takes back what a way of recording wrote
    pass


async def _stored(connection: Connection) -> list[Any]:
    messages = await connection.fetch("SELECT * FROM messages ORDER BY id")
    events = await connection.fetch(
        "SELECT customer_id, occurred_at, properties, sameness FROM events WHERE type = 'campaign' ORDER BY sameness"
    )
    return [*map(tuple, messages), *map(tuple, events)]


@pytest.mark.parametrize("meanwhile", MEANWHILE, ids=lambda what: what.__name__.strip("_"))
@pytest.mark.parametrize("said", SAID)
async def test_the_fast_way_agrees_with_the_plain_one(
    walk: Walk, people: Cast, said: str, meanwhile: Callable[[Connection, Walk, Cast, Call], Awaitable[None]]
) -> None:
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.plan()
    (call,), _ = await claim_messages(walk.database, walk.box, Renderer(), Turns(), walk.now)
    (row,) = call.messages
    told = SAID[said] | {"id": row.id, "at": walk.now}
    due = told.pop("due", None)
    change = Change(**told, due_at=due and walk.now + due, attempt=row.attempts if due else None)
    walk.now += timedelta(seconds=2)
    seen: list[list[Any]] = []
    async with walk.database.transaction() as connection:
        await meanwhile(connection, walk, people, call)
        for record in (
            move_messages(connection, [change], walk.now),
            move_as_left(connection, [row], [change], walk.now),
        ):
            with suppress(_Undone):
                async with connection.transaction():
                    await record
                    seen.append(await _stored(connection))
                    raise _Undone
    plain, fast = seen
    assert plain == fast

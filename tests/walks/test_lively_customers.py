"""A scenario is estimated for customers to whom much happens: the work grows with their events, others get on."""

import asyncio
import gc
import sys
import time
from types import FrameType

from parley.services.try_policy import Tried, Wish, play_of, try_policy
from tests.walks.test_campaigns import add_crowd
from tests.walks.test_scenario_estimate import OFFER
from tests.walks.walk import Walk

_HAPPENED = """
INSERT INTO events (bucket, id, project_id, customer_id, type, occurred_at, properties, sameness, created_at)
SELECT c.bucket, encode(set_byte(uuid_send(gen_random_uuid()), 15, get_byte(uuid_send(c.id), 15)), 'hex')::uuid,
    c.project_id, c.id, type, $1::timestamptz - number * interval '10 minutes', '{"name": "shoes"}',
    type || number, $1
FROM customers c, generate_series(1, $2) number, unnest($4::text[]) type
WHERE c.id = ANY ($3)
"""


async def _happened(walk: Walk, customers: int, events: int, *types: str) -> None:
    """So many events of each type, of each of them; and the scenario, which none of them has started."""
    crowd = await add_crowd(walk, customers)
    await walk.apply({**OFFER, "active": False})
    async with walk.database.connection() as connection:
        await connection.execute("DELETE FROM events WHERE type = ANY ($1)", types)
        await connection.execute(_HAPPENED, walk.now, events, crowd, types)


async def _estimate(walk: Walk) -> Tried:
    play = await play_of(walk.database, walk.project_id, Wish(scenario="offer"), walk.now)
    return [one async for one in try_policy(walk.database, walk.project_id, play, walk.now)][-1]


async def _calls(walk: Walk) -> int:
    """Of functions, to estimate it: what a machine's speed says nothing about."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        await _estimate(walk)
    finally:
        sys.setprofile(None)
    return counted


async def test_the_work_grows_no_faster_than_the_events(walk: Walk) -> None:
    calls: list[int] = []
    for events in (100, 400):
        await _happened(walk, 1, events, "offer", "purchase")
        await _estimate(walk)
        calls.append(await _calls(walk))
    assert calls[1] < 5 * calls[0]


async def test_others_get_on_meanwhile(walk: Walk) -> None:
    longest = 0.0

    async def look() -> None:
        nonlocal longest
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.thread_time() - began)

    await _happened(walk, 30, 20, "offer")
    await _estimate(walk)
    looking, began = asyncio.create_task(look()), time.thread_time()
    gc.disable()  # to collect what a whole run of tests has left may take longer than the estimate
    try:
        told = await _estimate(walk)
    finally:
        gc.enable()
    looking.cancel()
    assert told.in_audience == 2 * 30 * 20  # a template, and a text a day later
    assert longest < (time.thread_time() - began) / 5

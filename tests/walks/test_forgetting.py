"""What the provider told us is kept for a time, is taken out of it for whom we erase, and may come again later."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec

from parley.domain.settings import Retention
from parley.services.anonymize import anonymize
from parley.services.forget import AT_ONCE, SETTLED, erase, forget
from parley.services.read_callbacks import read_callbacks
from parley.services.receive_callbacks import Callback, keep
from tests.support.builders import Cast
from tests.walks.walk import Walk, inbound, status

ALICE, BOB = "421901000001", "421901000002"
KEPT = Retention()
MOST_PIECES = 20


async def _count(walk: Walk, table: str) -> int:
    async with walk.database.connection() as connection:
        found: int = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608  own names
        return found


async def _kept(walk: Walk) -> tuple[int, int]:
    return await _count(walk, "callbacks"), await _count(walk, "early_reports")


async def _sweep(walk: Walk) -> None:
    for _ in range(MOST_PIECES):
        if not await forget(walk.database, walk.now):
            return
    raise AssertionError("it never ends")


async def _send(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.come_to_rest()


async def test_it_forgets_what_is_older_than_the_project_keeps_it(walk: Walk) -> None:
    await walk.call_back(status("SINCH-9", "delivered", walk.now))
    walk.now += timedelta(days=KEPT.early_reports_days)
    await _sweep(walk)
    assert await _kept(walk) == (1, 1)
    walk.now += timedelta(seconds=1)
    await _sweep(walk)
    assert await _kept(walk) == (1, 0)
    walk.now += timedelta(days=KEPT.callbacks_days - KEPT.early_reports_days)
    await _sweep(walk)
    assert await _kept(walk) == (0, 0)


async def test_a_project_says_how_long(walk: Walk) -> None:
    await walk.apply({"kind": "settings", "retention": {"callbacks_days": 60, "early_reports_days": 60}})
    await walk.call_back(status("SINCH-9", "delivered", walk.now))
    walk.now += timedelta(days=59)
    await _sweep(walk)
    assert await _kept(walk) == (1, 1)


async def test_what_nobody_has_read_yet_is_not_forgotten(walk: Walk, people: Cast) -> None:
    callback = await walk.judged({}, msgspec.json.encode(inbound(ALICE, "hello", walk.now)))
    assert isinstance(callback, Callback)
    async with walk.database.transaction() as connection:
        await keep(connection, [callback], walk.now)
    walk.now += timedelta(days=KEPT.callbacks_days + 1)
    await _sweep(walk)
    await read_callbacks(walk.database)
    assert [one["message"] for one in await walk.events(people.alice)] == ["hello"]
    await _sweep(walk)
    assert await _count(walk, "callbacks") == 0


async def test_it_goes_in_pieces_and_several_workers_share_them(walk: Walk) -> None:
    async with walk.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO callbacks (bucket, project_id, integration, key, body, headers, received_at)"
            " SELECT 0, $1, 'shop', int4send(n), '', '{}', $2 FROM generate_series(1, $3) AS n",
            walk.project_id, walk.now, AT_ONCE * 3,
        )  # fmt: skip
    walk.now += timedelta(days=KEPT.callbacks_days + 1)
    gone = await asyncio.gather(*(forget(walk.database, walk.now) for _ in range(2)))
    assert max(gone) <= AT_ONCE
    await _sweep(walk)
    assert await _count(walk, "callbacks") == 0


async def test_a_duplicate_that_comes_after_all_is_forgotten_changes_nothing(walk: Walk, people: Cast) -> None:
    await _send(walk, people)
    again = [inbound(ALICE, "hello", walk.now), status("SINCH-1-0", "delivered", walk.now)]
    await walk.call_back(*again, status("SINCH-1-0", "read", walk.now))
    before = await walk.events(people.alice)
    walk.now += timedelta(days=KEPT.callbacks_days + 1)
    await _sweep(walk)
    assert await _count(walk, "callbacks") == 0
    await walk.call_back(*again)
    assert await walk.events(people.alice) == before


def _says(text: str) -> str:
    return f"SELECT count(*) FROM callbacks WHERE position('{text}' IN convert_from(body, 'UTF8')) > 0"  # noqa: S608


async def _erase(walk: Walk) -> None:
    walk.now += SETTLED + timedelta(seconds=1)
    for _ in range(MOST_PIECES):
        if not await erase(walk.database, walk.now):
            return
    raise AssertionError("it never ends")


async def _all(walk: Walk, query: str) -> Any:
    async with walk.database.connection() as connection:
        return await connection.fetchval(query)


async def test_whom_we_erase_goes_out_of_callbacks_and_early_reports_too(walk: Walk, people: Cast) -> None:
    await _send(walk, people)
    mine = [inbound(ALICE, "my secret", walk.now, "IN-1"), status("SINCH-1-0", "sent", walk.now)]
    unknown = status("SINCH-9", "delivered", walk.now)
    await walk.call_back(*mine, unknown, inbound(BOB, "not my secret", walk.now, "IN-2"))
    await anonymize(walk.database, walk.project.project, [people.alice], walk.now)
    await _erase(walk)
    assert await _all(walk, _says(ALICE)) == 0
    assert await _all(walk, _says(BOB)) == 1
    assert await _all(walk, f"SELECT count(*) FROM early_reports WHERE report::text LIKE '%{ALICE}%'") == 0  # noqa: S608
    assert await _count(walk, "erasures") == 0
    assert await _kept(walk) == (4, 1)


async def test_the_same_callback_after_an_erasure_still_counts_as_seen(walk: Walk, people: Cast) -> None:
    mine = inbound(ALICE, "my secret", walk.now)
    await walk.call_back(mine)
    await anonymize(walk.database, walk.project.project, [people.alice], walk.now)
    await _erase(walk)
    await walk.call_back(mine)
    assert await _all(walk, _says("secret")) == 0
    assert await _count(walk, "customers") == len(Cast.__struct_fields__)  # nobody new was made of it


async def test_an_erased_customers_early_report_can_still_be_joined(walk: Walk, people: Cast) -> None:
    await walk.call_back(status("SINCH-1-0", "delivered", walk.now))
    await anonymize(walk.database, walk.project.project, [people.alice], walk.now)
    await _erase(walk)
    bob = people.bob
    await walk.track(bob, "consent", action="accept", category="whatsapp", valid_until="unlimited")
    await walk.track(bob, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.come_to_rest()
    assert (await walk.states(bob, "template"))[-2:] == ["accepted", "delivered"]


async def test_an_erasure_goes_on_where_a_worker_left_it(walk: Walk, people: Cast) -> None:
    for number in range(5):
        await walk.call_back(inbound(ALICE, f"secret {number}", walk.now, f"IN-{number}"))
        walk.now += timedelta(seconds=1)
    await anonymize(walk.database, walk.project.project, [people.alice], walk.now)
    walk.now += SETTLED + timedelta(seconds=1)
    done = await asyncio.gather(*(erase(walk.database, walk.now) for _ in range(3)))
    assert sum(done) >= 1
    await _erase(walk)
    assert await _all(walk, _says("secret")) == 0

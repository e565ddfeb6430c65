"""Events of known customers from which nothing follows are stored by one statement, as the plain way stores them."""

import asyncio
import random
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest
from cryptography.fernet import Fernet

from parley.access import Role
from parley.domain.customer import CustomerIds
from parley.domain.ids import bucket_of
from parley.services.anonymize import _erase, anonymize
from parley.services.apply_definitions import apply_definitions
from parley.services.callers import Caller
from parley.services.create_project import NewProject, create_project
from parley.services.definitions import project_definitions, remembered
from parley.services.read_definitions import File, read_definitions
from parley.services.resolve_customers import resolve_customers, run_resolving
from parley.services.secret_box import SecretBox
from parley.services.track import (
    Call,
    CustomerCommand,
    Done,
    TrackEvent,
    UpdateCustomer,
    _addressed,
    _store,
    _store_known,
    track,
)
from parley.services.track import _Wanted as Wanted
from parley.store.database import Connection, Database
from parley.store.events import insert_events_of_known
from tests.frame.processes import until
from tests.support.api import ProjectApi
from tests.support.builders import NOW, add_customer, ids
from tests.walks.crowd import REPLY
from tests.walks.walk import LEGACY

MOMENT = 0.3
"""Seconds in which a statement that waits for nobody has ended."""
ROWS = """
SELECT e.type, e.occurred_at, e.properties, e.sameness, e.created_at, a.value AS who
FROM events e JOIN addresses a ON a.customer_id = e.customer_id AND a.kind = 'hard'
WHERE e.project_id = $1 ORDER BY a.value, e.type, e.occurred_at, e.sameness, e.properties::text
"""
STRAYS = """
SELECT count(*) FROM events e WHERE e.project_id = $1
    AND NOT EXISTS (SELECT FROM customers c WHERE c.bucket = e.bucket AND c.id = e.customer_id)
"""


def caller(project: NewProject) -> Caller:
    return Caller(project.project, Role.EDITOR, "a key")


def wanted(project: NewProject, *commands: CustomerCommand) -> dict[tuple[int, int], Wanted]:
    """Each a second after the one before."""
    return {
        (0, place): Wanted(caller(project), command, NOW + timedelta(seconds=place))
        for place, command in enumerate(commands)
    }


def view(who: CustomerIds, **changes: Any) -> TrackEvent:
    given: dict[str, Any] = {"ids": who, "type": "view", "properties": {}, "occurred_at": NOW}
    return TrackEvent(**given | changes)


async def remember(database: Database, project: NewProject) -> None:
    """What a process knows that has stored an event of the project before."""
    async with database.transaction() as connection:
        await project_definitions(connection, project.project_id)


async def rows_of(database: Database, project: NewProject) -> list[tuple[Any, ...]]:
    async with database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(ROWS, project.project_id)]


def some_events(chance: random.Random) -> list[TrackEvent]:
    return [
        view(
            ids(chance.choice(["jana", "peter", "eva"])),
            type=chance.choice(["view", "order"]),
            properties={"n": chance.randint(1, 2)},
            occurred_at=chance.choice([None, NOW, NOW + timedelta(days=1)]),
            event_id=chance.choice([None, None, "a", "b"]),
        )
        for _ in range(12)
    ]


@pytest.mark.parametrize("seed", range(10))
async def test_it_stores_what_the_plain_way_stores(database: Database, project: NewProject, seed: int) -> None:
    other = await create_project(database, "Shop", NOW)
    for which in (project, other):
        await remember(database, which)
        for name in ("jana", "peter", "eva"):
            await add_customer(database, which, name)
    chance = random.Random(seed)  # noqa: S311  no secret
    for events in (some_events(chance), some_events(chance)):
        at_once = await _store_known(database, wanted(project, *events))
        assert at_once == await run_resolving(database, partial(_store, wanted=wanted(other, *events)))
    assert await rows_of(database, project) == await rows_of(database, other) != []


async def test_an_event_lives_in_the_bucket_of_its_customer(database: Database, project: NewProject) -> None:
    await remember(database, project)
    people = {await add_customer(database, project, f"r{one}") for one in range(9)}
    assert await _store_known(database, wanted(project, *(view(ids(f"r{one}")) for one in range(9))))
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT * FROM events WHERE project_id = $1", project.project_id)
    assert {row["customer_id"] for row in rows} == people
    assert {(row["bucket"], bucket_of(row["id"])) for row in rows} == {
        (bucket_of(one), bucket_of(one)) for one in people
    }


@pytest.mark.parametrize(
    "command",
    [
        view(ids("nobody")),
        view(ids("jana", "a cookie")),
        view(ids(None, "a cookie")),
        view(ids("jana", email="jana@shop.test")),
        view(ids("jana"), type="consent", properties={"action": "accept", "category": "whatsapp"}),
        UpdateCustomer(ids("jana"), {"n": 1}),
    ],
)
async def test_it_leaves_alone_what_has_to_be_decided_with_all_that_came_along(
    database: Database, project: NewProject, command: CustomerCommand
) -> None:
    await remember(database, project)
    await add_customer(database, project, "jana")
    assert await _store_known(database, wanted(project, view(ids("jana")), command)) is None
    assert await rows_of(database, project) == []


async def test_an_event_that_starts_a_scenario_starts_it_whoever_is_known(database: Database, api: ProjectApi) -> None:
    files = [File("test", msgspec.json.encode(one)) for one in (LEGACY, REPLY)]
    box = SecretBox(Fernet.generate_key().decode())
    await apply_definitions(database, box, api.project.project_id, read_definitions(files, {}), NOW)
    await add_customer(database, api.project, "jana")
    event = {"customer_ids": {"registered": "jana"}, "properties": {}}
    for event_type in ("view", "question"):  # after the first the process remembers what starts a scenario
        assert (await api.post("track/customers/events", event | {"event_type": event_type})).body["success"]
    async with database.connection() as connection:
        started = "SELECT count(*) FROM journeys WHERE project_id = $1"
        assert await connection.fetchval(started, api.project.project_id) == 1


async def test_it_believes_definitions_only_while_the_stamp_is_theirs(database: Database, project: NewProject) -> None:
    await remember(database, project)
    await add_customer(database, project, "jana")
    async with database.transaction() as connection:
        moved = "UPDATE projects SET definitions_stamp = definitions_stamp + 1 WHERE id = $1"
        await connection.execute(moved, project.project_id)
    assert await _store_known(database, wanted(project, view(ids("jana")))) is None
    assert await rows_of(database, project) == []
    await remember(database, project)
    assert await _store_known(database, wanted(project, view(ids("jana")))) == {(0, 0): Done()}


async def test_it_waits_for_a_merge_under_way_and_then_stores_nothing(database: Database, project: NewProject) -> None:
    await remember(database, project)
    async with database.transaction() as connection:
        await resolve_customers(connection, project.project_id, [ids(None, "c1")], NOW)
    await add_customer(database, project, "jana")  # the later one: this is who goes
    async with database.transaction() as connection:
        both = [ids("jana", "c1")]
        await resolve_customers(connection, project.project_id, both, NOW + timedelta(seconds=1))
        storing = asyncio.create_task(_store_known(database, wanted(project, view(ids("jana")))))
        await until(lambda: _waits_for(connection, storing), "it waits, or does not")
    assert await storing is None
    async with database.connection() as connection:
        assert await connection.fetchval(STRAYS, project.project_id) == 0


async def _waits_for(connection: Connection, task: asyncio.Task[Any]) -> bool:
    """For what the connection holds, unless it is done."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    return task.done() or await connection.fetchval(waiting) > 0


async def store_slowly(connection: Connection, project: NewProject, *commands: TrackEvent) -> None:
    """As `_store_known`, in a transaction that the caller ends."""
    known = remembered(project.project_id)
    assert known is not None
    events = [_addressed(one, NOW) for one in commands]
    assert await insert_events_of_known(connection, project.project_id, events, known.stamp, NOW)


async def test_a_merge_waits_for_events_under_way_and_takes_them_along(database: Database, project: NewProject) -> None:
    await remember(database, project)
    jana, peter = view(ids("jana")), view(ids("peter"))
    for name, cookie in (("jana", "c1"), ("peter", "c2")):
        await track(database, [Call(caller(project), [view(ids(None, cookie))], NOW)])  # the same as what comes below
        await add_customer(database, project, name)  # the later one: this is who goes
    async with database.transaction() as connection:
        await store_slowly(connection, project, peter, jana, view(ids("jana"), type="order"))
        both = [UpdateCustomer(ids("jana", "c1"), {"n": 1}), UpdateCustomer(ids("peter", "c2"), {"n": 1})]
        merging = asyncio.create_task(track(database, [Call(caller(project), both, NOW + timedelta(seconds=1))]))
        done, _ = await asyncio.wait({merging}, timeout=MOMENT)
        assert not done
    assert await merging == ((Done(), Done()),)
    async with database.connection() as connection:
        assert await connection.fetchval(STRAYS, project.project_id) == 0
    told = [(row[-1], row[0]) for row in await rows_of(database, project)]
    assert told == [("jana", "merge"), ("jana", "order"), ("jana", "view"), ("peter", "merge"), ("peter", "view")]


async def test_into_whom_somebody_is_merged_the_same_event_comes_once(database: Database, project: NewProject) -> None:
    await remember(database, project)
    await add_customer(database, project, "jana")
    await track(database, [Call(caller(project), [view(ids(None, "c1"))], NOW + timedelta(seconds=1))])
    async with database.transaction() as connection:
        await store_slowly(connection, project, view(ids("jana")))  # what the cookie's customer brings along, too
        both = [UpdateCustomer(ids("jana", "c1"), {"n": 1})]
        merging = asyncio.create_task(track(database, [Call(caller(project), both, NOW + timedelta(seconds=2))]))
        done, _ = await asyncio.wait({merging}, timeout=MOMENT)
        assert not done
    assert await merging == ((Done(),),)
    assert [row[0] for row in await rows_of(database, project)] == ["merge", "view"]


async def test_an_erasure_waits_for_events_under_way_and_erases_them(database: Database, project: NewProject) -> None:
    await remember(database, project)
    jana = await add_customer(database, project, "jana")
    async with database.transaction() as connection:
        await store_slowly(connection, project, view(ids("jana"), properties={"email": "jana@shop.test", "n": 1}))
        erasing = asyncio.create_task(anonymize(database, project.project, [ids("jana")], NOW))
        done, _ = await asyncio.wait({erasing}, timeout=MOMENT)
        assert not done
    assert await erasing == (jana,)
    async with database.connection() as connection:
        kept = "SELECT properties FROM events WHERE bucket = $1 AND customer_id = $2"
        assert [row[0] for row in await connection.fetch(kept, bucket_of(jana), jana)] == [{"n": 1}]


async def test_it_waits_for_an_erasure_under_way_and_then_stores_nothing(
    database: Database, project: NewProject
) -> None:
    await remember(database, project)
    jana = await add_customer(database, project, "jana")
    async with database.transaction() as connection:
        await _erase(connection, project.project, {jana}, NOW)
        storing = asyncio.create_task(_store_known(database, wanted(project, view(ids("jana")))))
        done, _ = await asyncio.wait({storing}, timeout=MOMENT)
        assert not done
    assert await storing is None


async def test_every_customer_has_a_gate(database: Database) -> None:
    """Without one nobody would wait for anybody."""
    async with database.connection() as connection:
        there = await connection.fetch("SELECT bucket, part FROM customer_gates")
    assert sorted(map(tuple, there)) == [(bucket, part) for bucket in range(64) for part in range(64)]


async def test_no_event_is_left_with_a_customer_who_is_merged_away_meanwhile(
    database: Database, project: NewProject
) -> None:
    await remember(database, project)
    people = range(30)
    calls = [Call(caller(project), [view(ids(None, f"c{one}"))], NOW) for one in people]
    await track(database, calls)
    for one in people:  # later than the cookie's customer: this is the one who goes
        await add_customer(database, project, f"r{one}")
    merging = [Call(caller(project), [UpdateCustomer(ids(f"r{one}", f"c{one}"), {"n": 1})], NOW) for one in people]
    events = [Call(caller(project), [view(ids(f"r{one}"), event_id=str(n))], NOW) for one in people for n in range(4)]
    both = [*merging, *events]
    random.Random(1).shuffle(both)  # noqa: S311  no secret
    parts = [both[start : start + 5] for start in range(0, len(both), 5)]
    await asyncio.gather(*(track(database, part) for part in parts))
    async with database.connection() as connection:
        assert await connection.fetchval(STRAYS, project.project_id) == 0
        merged = "SELECT count(*) FROM merged_customers WHERE project_id = $1"
        assert await connection.fetchval(merged, project.project_id) == len(people)
    assert len(await rows_of(database, project)) == len(people) * (1 + 4 + 1)  # with each one's `merge`

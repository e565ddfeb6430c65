"""What moves when two customers become one: everything that belongs to a customer, with its id, into the new bucket."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from parley.domain.event import NewEvent
from parley.domain.identity import Merge
from parley.domain.ids import BUCKETS, bucket_of, bucket_of_text, new_id_in
from parley.domain.message import State
from parley.services.create_project import NewProject
from parley.services.merge_customers import merge_customers
from parley.services.move_messages import Change, move_locked
from parley.services.record_events import record_events
from parley.store.callbacks import Written, take_inbound
from parley.store.customers import insert_customers
from parley.store.database import Connection, Database
from parley.store.events import Slice, past_events
from parley.store.messages import lock_messages
from parley.store.windows import windows_of
from tests.support.builders import NOW

OLDER, LATER = NOW - timedelta(hours=5), NOW - timedelta(hours=1)
SOURCE, DESTINATION = new_id_in(7), new_id_in(BUCKETS - 1)


async def insert(connection: Connection, table: str, **values: Any) -> None:
    """A row as somebody else's code would have written it."""
    names, places = ", ".join(values), ", ".join(f"${place}" for place in range(1, len(values) + 1))
    await connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", *values.values())  # noqa: S608  names of ours


async def add_message(connection: Connection, project: NewProject, customer_id: UUID = SOURCE) -> UUID:
    ident = new_id_in(bucket_of(customer_id))
    await insert(
        connection,
        "messages",
        bucket=bucket_of(customer_id),
        id=ident,
        project_id=project.project_id,
        customer_id=customer_id,
        kind="template",
        state="queued",
        content={},
        origin={},
        priority=0,
        planned_at=NOW,
        due_at=NOW,
        decision={},
        changed_at=NOW,
    )
    return ident


async def add_journey(connection: Connection, project: NewProject) -> UUID:
    ident, bucket = new_id_in(bucket_of(SOURCE)), bucket_of(SOURCE)
    await insert(
        connection,
        "journeys",
        bucket=bucket,
        id=ident,
        project_id=project.project_id,
        customer_id=SOURCE,
        scenario="abandoned-cart",
        state={},
        event_id=new_id_in(bucket),
        due_at=NOW,
        started_at=NOW,
    )
    for seq in (1, 2):
        await insert(
            connection, "journey_steps", bucket=bucket, journey_id=ident, seq=seq, at=NOW, node="wait", what="waits"
        )
    return ident


def window(customer_id: UUID, account: str, at: datetime) -> Written:
    """What opens it."""
    ident = f"inbound-{customer_id}-{account}"
    return Written(bucket_of_text(ident), "door", ident, customer_id, account, "421901000001", at)


async def merge(connection: Connection, project: NewProject) -> None:
    await merge_customers(connection, project.project_id, Merge(SOURCE, DESTINATION), NOW)


@pytest.fixture
async def connection(database: Database, project: NewProject) -> Any:
    """Two customers, in a transaction that leaves nothing behind."""
    async with database.connection() as opened:
        transaction = opened.transaction()
        await transaction.start()
        await insert_customers(opened, project.project_id, [SOURCE, DESTINATION], NOW)
        yield opened
        await transaction.rollback()


async def test_a_message_keeps_the_id_that_the_provider_knows(connection: Connection, project: NewProject) -> None:
    message = await add_message(connection, project)
    await merge(connection, project)
    row = await connection.fetchrow("SELECT bucket, customer_id, state FROM messages WHERE id = $1", message)
    assert row is not None
    assert tuple(row) == (bucket_of(DESTINATION), DESTINATION, "queued")


async def test_a_journey_goes_on_with_its_steps(connection: Connection, project: NewProject) -> None:
    journey = await add_journey(connection, project)
    await merge(connection, project)
    row = await connection.fetchrow("SELECT bucket, customer_id, due_at FROM journeys WHERE id = $1", journey)
    assert row is not None
    assert tuple(row) == (bucket_of(DESTINATION), DESTINATION, NOW)
    steps = await connection.fetch("SELECT DISTINCT bucket FROM journey_steps WHERE journey_id = $1", journey)
    assert [step["bucket"] for step in steps] == [bucket_of(DESTINATION)]


async def test_what_both_did_counts_once_by_content_or_by_the_clients_own_id(
    connection: Connection, project: NewProject
) -> None:
    later = NOW + timedelta(days=1)
    for who, at in ((SOURCE, NOW), (DESTINATION, later)):
        events = [
            NewEvent(who, "same", NOW, time_given=True),
            NewEvent(who, "order", at, client_event_id="order-1", time_given=True),
            NewEvent(who, "at-its-own-time", at, time_given=True),
            NewEvent(who, "of-no-sameness", NOW),
        ]
        assert len(await record_events(connection, project.project_id, events, NOW)) == 4
    await merge(connection, project)
    left = sorted(event.type for event in await past_events(connection, DESTINATION))
    assert left == ["at-its-own-time"] * 2 + ["merge"] + ["of-no-sameness"] * 2 + ["order", "same"]


async def test_of_two_windows_the_later_stays(connection: Connection, project: NewProject) -> None:
    both = [
        window(SOURCE, "renewed", LATER),
        window(DESTINATION, "renewed", OLDER),
        window(SOURCE, "stale", OLDER),
        window(DESTINATION, "stale", LATER),
        window(SOURCE, "only here", OLDER),
    ]
    await take_inbound(connection, project.project_id, both, NOW)
    await merge(connection, project)
    found = await windows_of(connection, [SOURCE, DESTINATION])
    assert found[SOURCE] == []
    assert {one.account: one.last_inbound_at for one in found[DESTINATION]} == {
        "renewed": LATER,
        "stale": LATER,
        "only here": OLDER,
    }


@pytest.mark.parametrize("table", ["customers", "addresses", "events", "consents", "windows", "messages", "journeys"])
async def test_nothing_of_the_source_is_left(connection: Connection, project: NewProject, table: str) -> None:
    await add_message(connection, project)
    await add_journey(connection, project)
    await take_inbound(connection, project.project_id, [window(SOURCE, "shop", LATER)], NOW)
    await merge(connection, project)
    column = "id" if table == "customers" else "customer_id"
    left = await connection.fetchval(f"SELECT count(*) FROM {table} WHERE {column} = $1", SOURCE)  # noqa: S608  names of ours
    assert left == 0


async def test_a_merge_takes_along_the_events_of_a_message_that_moves_meanwhile(
    database: Database, project: NewProject
) -> None:
    """Whoever moves a message holds its row, not its customer."""
    both = Merge(new_id_in(3), new_id_in(5))
    async with database.transaction() as connection:
        await insert_customers(connection, project.project_id, [both.source, both.destination], NOW)
        message = await add_message(connection, project, both.source)

    async def merge_them() -> None:
        async with database.transaction() as merger:
            await merge_customers(merger, project.project_id, both, NOW)

    async with database.transaction() as mover:
        rows = await lock_messages(mover, [message])
        merging = asyncio.create_task(merge_them())
        await _until_somebody_waits(database)
        await move_locked(mover, rows, [Change(message, State.EXPIRED, NOW, code="expired")], NOW)
    await merging
    async with database.connection() as connection:
        (event,) = await past_events(connection, both.destination, Slice(("campaign",)))
    assert event.properties["status"] == "expired"


async def _until_somebody_waits(database: Database) -> None:
    async with asyncio.timeout(10), database.connection() as connection:
        while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # another session: there is no event to await

"""Erasure finds whom it means, whatever happened to them in between, and nobody else."""

import asyncio
from uuid import UUID

from parley.services.anonymize import anonymize
from parley.services.create_project import create_project
from parley.services.customer_data import NoSuchCustomer
from parley.services.resolve_customers import resolve_customers
from parley.store.customers import addresses_of, customers_by_id
from parley.store.database import Database
from parley.store.events import past_events
from tests.support.api import ProjectApi
from tests.support.builders import NOW, add_customer, add_event, ids, new_event


async def merged(api: ProjectApi, database: Database) -> tuple[UUID, UUID]:
    """Two customers who turned out to be one: who went, and into whom."""
    into = await add_customer(database, api.project, "jana", {"city": "Nitra"})
    async with database.transaction() as connection:
        (visitor,) = await resolve_customers(connection, api.project.project_id, [ids(None, "c1")], NOW)
        assert isinstance(visitor, UUID)
    await add_event(database, api.project, new_event(visitor, "view", properties={"phone": "+421901234567"}))
    async with database.transaction() as connection:
        await resolve_customers(connection, api.project.project_id, [ids("jana", "c1")], NOW)
        (left,) = await customers_by_id(connection, [into, visitor])
    return ({into, visitor} - {left}).pop(), left


async def test_who_was_merged_away_is_erased_as_whom_that_one_became(api: ProjectApi, database: Database) -> None:
    went, into = await merged(api, database)
    answer = await anonymize(database, api.project.project, [went], NOW)
    assert answer == (into,)
    async with database.connection() as connection:
        assert (await customers_by_id(connection, [into]))[into].properties == {}
        by_type = {event.type: event.properties for event in await past_events(connection, into)}
        (address,) = (await addresses_of(connection, [into]))[into]
    assert by_type["view"] == {}
    assert "source_ids" not in by_type["merge"]
    assert address.value not in {"jana", "c1"}


async def test_a_customer_of_another_project_is_nobody_here(api: ProjectApi, database: Database) -> None:
    other = await create_project(database, "Other shop", NOW)
    theirs = await add_customer(database, other, "jana", {"city": "Nitra"})
    assert await anonymize(database, api.project.project, [theirs], NOW) == (NoSuchCustomer(),)
    async with database.connection() as connection:
        assert (await customers_by_id(connection, [theirs]))[theirs].properties == {"city": "Nitra"}


async def test_tracking_goes_on_while_customers_are_erased(api: ProjectApi) -> None:
    jana = {"customer_ids": {"registered": "jana", "cookie": "c1"}}
    await api.post("track/customers", jana)
    calls = [api.post("track/customers/events", jana | {"event_type": "view"}) for _ in range(12)]
    erasures = [api.post("data/customers/anonymize", jana) for _ in range(6)]
    answers = await asyncio.gather(*calls, *erasures)
    assert {answer.status for answer in answers[:12]} == {200}
    assert {answer.status for answer in answers[12:]} <= {200, 404}

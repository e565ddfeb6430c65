"""Customer attributes: `phone` becomes a number, the later value wins, parallel updates lose nothing."""

import asyncio
from uuid import UUID

import pytest

from parley.domain.customer import Customer
from parley.domain.project import ProjectSettings
from parley.services.create_project import NewProject, create_project
from parley.services.set_properties import PropertyUpdate, TooManyAttributes, set_properties
from parley.store.customers import addresses_of, customers_by_id
from parley.store.database import Database
from tests.support.builders import NOW, add_customer


async def read(database: Database, customer_id: UUID) -> Customer:
    async with database.connection() as connection:
        (customer,) = (await customers_by_id(connection, [customer_id])).values()
    return customer


async def test_a_phone_is_kept_as_written_and_as_a_number(database: Database, project: NewProject) -> None:
    jana = await read(database, await add_customer(database, project, "jana", {"phone": "00421 901 234 567"}))
    assert jana.properties["phone"] == "00421 901 234 567"
    assert (jana.phone, jana.phone_problem) == ("+421901234567", None)


@pytest.mark.parametrize("phone", ["0901 234 567", "call me", 12.5, {"a": 1}, True, "+19005551234"])
async def test_an_unusable_phone_is_marked_with_its_reason(
    database: Database, project: NewProject, phone: object
) -> None:
    jana = await read(database, await add_customer(database, project, "jana", {"phone": phone}))
    assert jana.properties["phone"] == phone
    assert jana.phone is None
    assert jana.phone_problem
    assert jana.phone_problem.endswith(".")


async def test_a_project_can_say_where_its_numbers_are_at_home(database: Database) -> None:
    slovak = await create_project(database, "Slovak shop", NOW, ProjectSettings(default_region="SK"))
    jana = await read(database, await add_customer(database, slovak, "jana", {"phone": "0901 234 567"}))
    assert jana.phone == "+421901234567"


async def test_another_phone_replaces_the_address(database: Database, project: NewProject) -> None:
    jana = await add_customer(database, project, "jana", {"phone": "+421901000001"})
    for phone, expected in (("+421901000002", ["421901000002"]), ("nonsense", []), (None, [])):
        async with database.transaction() as connection:
            await set_properties(connection, project.project_id, [PropertyUpdate(jana, {"phone": phone})], NOW)
            addresses = (await addresses_of(connection, [jana]))[jana]
        assert [one.value for one in addresses if one.kind == "phone"] == expected
    assert (await read(database, jana)).phone_problem is None


async def test_parallel_updates_of_one_customer_keep_each_other(database: Database, project: NewProject) -> None:
    jana = await add_customer(database, project, "jana")

    async def update(number: int) -> None:
        async with database.transaction() as connection:
            one = PropertyUpdate(jana, {f"p{number}": number})
            await set_properties(connection, project.project_id, [one], NOW)

    await asyncio.gather(*(update(number) for number in range(20)))
    assert len((await read(database, jana)).properties) == 20


async def test_parallel_batches_in_any_order_do_not_deadlock(database: Database, project: NewProject) -> None:
    customers = [await add_customer(database, project, f"c{one}") for one in range(8)]

    async def update(start: int) -> None:
        turned = customers[start:] + customers[:start]
        async with database.transaction() as connection:
            updates = [PropertyUpdate(one, {"n": start}) for one in turned]
            await set_properties(connection, project.project_id, updates, NOW)

    await asyncio.gather(*(update(number % 8) for number in range(24)))


async def test_one_attribute_too_many_sets_nothing_of_that_update(database: Database, project: NewProject) -> None:
    jana = await add_customer(database, project, "jana", {f"p{one}": one for one in range(254)})
    updates = [PropertyUpdate(jana, {"a": 1, "b": 2}), PropertyUpdate(jana, {"c": 3})]
    async with database.transaction() as connection:
        first, second = await set_properties(connection, project.project_id, updates, NOW)
    assert isinstance(first, TooManyAttributes)
    assert second is None
    properties = (await read(database, jana)).properties
    assert ("a" in properties, "c" in properties) == (False, True)

"""Ids become customers, on a real database and in parallel."""

import asyncio
from datetime import timedelta
from uuid import UUID

from parley.domain.customer import SOFT_IDS, CustomerIds
from parley.domain.identity import Contradiction
from parley.services.create_project import NewProject, create_project
from parley.services.hold_customers import hold_customers
from parley.services.record_events import record_events
from parley.services.resolve_customers import resolve_customers
from parley.services.set_properties import PropertyUpdate, set_properties
from parley.store.consents import consents_of
from parley.store.customers import addresses_of, customers_by_id, owners
from parley.store.database import Database
from parley.store.events import Slice, past_events
from tests.support.builders import NOW, add_event, consent_event, ids, new_event


async def resolve(database: Database, project: NewProject, *calls: CustomerIds, days: int = 0) -> tuple[UUID, ...]:
    async with database.transaction() as connection:
        found = await resolve_customers(connection, project.project_id, calls, NOW + timedelta(days=days))
    assert all(isinstance(one, UUID) for one in found)
    return found  # type: ignore[return-value]


async def test_it_creates_an_unknown_customer_and_finds_it_again(database: Database, project: NewProject) -> None:
    first, second = await resolve(database, project, ids("jana"), ids("jana", "c1"))
    again = await resolve(database, project, ids(None, "c1"))
    assert first == second == again[0]


async def test_hard_ids_are_case_sensitive(database: Database, project: NewProject) -> None:
    small, large = await resolve(database, project, ids("jana"), ids("Jana"))
    assert small != large


async def test_projects_do_not_see_each_other(database: Database, project: NewProject) -> None:
    other = await create_project(database, "Other shop", NOW)
    (here,) = await resolve(database, project, ids("jana"))
    (there,) = await resolve(database, other, ids("jana"))
    assert here != there


async def test_an_anonymous_visitor_who_logs_in_becomes_the_known_customer(
    database: Database, project: NewProject
) -> None:
    (visitor,) = await resolve(database, project, ids(None, "c1"))
    (known,) = await resolve(database, project, ids("jana"), days=1)
    await add_event(database, project, new_event(known, "purchase"))
    await add_event(database, project, consent_event(known, "accept"))
    (merged,) = await resolve(database, project, ids("jana", "c1"), days=2)
    assert merged == visitor  # created first
    async with database.transaction() as connection:
        assert await hold_customers(connection, [known]) == {known: visitor}
        events = await past_events(connection, merged)
        assert {event.type for event in events} == {"purchase", "consent", "merge"}
        assert list((await consents_of(connection, [merged]))[merged]) == ["whatsapp"]


async def test_the_later_value_of_a_property_wins_in_a_merge(database: Database, project: NewProject) -> None:
    old, new = await resolve(database, project, ids(None, "c1"), ids("jana"))
    async with database.transaction() as connection:
        updates = [
            PropertyUpdate(old, {"city": "Nitra", "phone": "+421901000009", "size": "M"}, 100.0),
            PropertyUpdate(new, {"city": "Brno", "phone": "+421901000008"}, 200.0),
        ]
        await set_properties(connection, project.project_id, updates, NOW)
    (merged,) = await resolve(database, project, ids("jana", "c1"), days=1)
    async with database.connection() as connection:
        customer = (await customers_by_id(connection, [merged]))[merged]
        phones = [at.value for at in (await addresses_of(connection, [merged]))[merged] if at.kind == "phone"]
    assert customer.properties == {"city": "Brno", "phone": "+421901000008", "size": "M"}
    assert customer.phone == "+421901000008"
    assert phones == ["421901000008"]


async def test_two_people_on_one_device_stay_two(database: Database, project: NewProject) -> None:
    (jana,) = await resolve(database, project, ids("jana", "shared"))
    (peter,) = await resolve(database, project, ids("peter", "shared"), days=1)
    (device,) = await resolve(database, project, ids(None, "shared"), days=2)
    assert jana != peter
    assert device == peter


async def test_hard_ids_of_two_customers_mean_nobody(database: Database, project: NewProject) -> None:
    await resolve(database, project, ids("jana", loyalty="1"), ids("peter", loyalty="2"))
    async with database.transaction() as connection:
        (answer,) = await resolve_customers(connection, project.project_id, [ids("jana", loyalty="2")], NOW)
    assert isinstance(answer, Contradiction)


async def test_the_least_recently_used_soft_id_is_dropped(database: Database, project: NewProject) -> None:
    for number in range(SOFT_IDS):
        await resolve(database, project, ids("jana", f"c{number}"), days=number)
    await resolve(database, project, ids(None, "c0"), days=100)
    (jana,) = await resolve(database, project, ids("jana", "one more"), days=101)
    async with database.connection() as connection:
        values = {at.value for at in (await addresses_of(connection, [jana]))[jana] if at.name == "cookie"}
    assert len(values) == SOFT_IDS
    assert {"c0", "one more"} <= values
    assert "c1" not in values


async def test_parallel_calls_with_one_id_make_one_customer(database: Database, project: NewProject) -> None:
    made = await asyncio.gather(*(resolve(database, project, ids("jana", f"c{one % 3}")) for one in range(20)))
    assert len({customer for (customer,) in made}) == 1


async def test_parallel_merges_do_not_deadlock(database: Database, project: NewProject) -> None:
    visitors = [ids(None, f"v{one}") for one in range(12)]
    await resolve(database, project, *visitors)
    pairs = [ids(None, f"v{one}", f"v{(one + 1) % 12}") for one in range(12)]
    await asyncio.gather(*(resolve(database, project, *pairs[one:], *pairs[:one]) for one in range(12)))
    ends = await resolve(database, project, *visitors, days=1)
    assert len(set(ends)) == 1
    async with database.connection() as connection:
        wanted = [at for one in visitors for at in one.addresses()]
        assert set((await owners(connection, project.project_id, wanted)).values()) == set(ends)


async def test_events_tracked_during_merges_are_not_lost(database: Database, project: NewProject) -> None:
    calls = [ids(None, f"v{one}") for one in range(8)]

    async def track(one: int) -> None:
        async with database.transaction() as connection:
            (who,) = await resolve_customers(connection, project.project_id, [calls[one % 8]], NOW)
            assert isinstance(who, UUID)
            await record_events(connection, project.project_id, [new_event(who, "view")], NOW)

    async def merge(one: int) -> None:
        await resolve(database, project, ids("jana", f"v{one}"))

    await asyncio.gather(*(track(one) for one in range(32)), *(merge(one) for one in range(8)))
    (jana,) = await resolve(database, project, ids("jana"))
    async with database.connection() as connection:
        assert len(await past_events(connection, jana, Slice(("view",)))) == 32

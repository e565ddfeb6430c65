"""Events become rows once, consents follow from them, and a merged customer's events find their way."""

import asyncio
from datetime import timedelta

from parley.domain.consent import is_granted, standing
from parley.domain.ids import new_id
from parley.services.create_project import NewProject
from parley.services.record_events import record_events
from parley.services.resolve_customers import resolve_customers
from parley.store.consents import consents_of
from parley.store.database import Database
from parley.store.events import past_events
from tests.support.builders import NOW, Cast, add_customer, add_event, consent_event, ids, new_event


async def test_it_returns_only_what_was_new_in_the_order_given(database: Database, project: NewProject) -> None:
    jana = await add_customer(database, project, "jana")
    events = [new_event(jana, f"type-{one}", client_event_id=str(one % 3)) for one in range(6)]
    async with database.transaction() as connection:
        first = await record_events(connection, project.project_id, events, NOW)
        again = await record_events(connection, project.project_id, events, NOW)
    assert [event.type for event in first] == ["type-0", "type-1", "type-2"]
    assert again == ()


async def test_a_clients_own_id_counts_once_whatever_the_time(database: Database, project: NewProject) -> None:
    jana = await add_customer(database, project, "jana")
    events = [
        new_event(jana, client_event_id="order-1", occurred_at=NOW + timedelta(days=day), time_given=True)
        for day in range(3)
    ]
    async with database.transaction() as connection:
        assert len(await record_events(connection, project.project_id, events, NOW)) == 1


async def test_what_was_said_twice_counts_once_and_at_another_time_anew(
    database: Database, project: NewProject
) -> None:
    jana = await add_customer(database, project, "jana")
    said, later = (new_event(jana, occurred_at=NOW + timedelta(microseconds=one), time_given=True) for one in (0, 1))
    async with database.transaction() as connection:
        assert len(await record_events(connection, project.project_id, [said, later, said], NOW)) == 2
        assert await record_events(connection, project.project_id, [later], NOW) == ()


async def test_two_without_time_and_id_are_two_even_at_one_moment(database: Database, project: NewProject) -> None:
    jana = await add_customer(database, project, "jana")
    async with database.transaction() as connection:
        assert len(await record_events(connection, project.project_id, [new_event(jana)] * 2, NOW)) == 2


async def test_the_same_id_of_two_customers_is_two_events(database: Database, project: NewProject, cast: Cast) -> None:
    events = [new_event(one, client_event_id="order-1") for one in (cast.alice, cast.bob)]
    async with database.transaction() as connection:
        assert len(await record_events(connection, project.project_id, events, NOW)) == 2


async def test_parallel_batches_with_the_same_events_do_not_deadlock(
    database: Database, project: NewProject, cast: Cast
) -> None:
    events = [new_event(one, client_event_id=str(n)) for one in (cast.alice, cast.bob, cast.carol) for n in range(5)]

    async def record(start: int) -> int:
        async with database.transaction() as connection:
            turned = events[start:] + events[:start]
            return len(await record_events(connection, project.project_id, turned, NOW))

    assert sum(await asyncio.gather(*(record(start % 15) for start in range(20)))) == 15


async def test_an_event_of_a_customer_merged_meanwhile_goes_to_the_other(
    database: Database, project: NewProject
) -> None:
    async with database.transaction() as connection:
        _, later = await resolve_customers(connection, project.project_id, [ids(None, "c1"), ids("jana")], NOW)
        (merged,) = await resolve_customers(
            connection, project.project_id, [ids("jana", "c1")], NOW + timedelta(seconds=1)
        )
        event = new_event(later, "late")  # type: ignore[arg-type]
        (recorded,) = await record_events(connection, project.project_id, [event], NOW)
        assert recorded.customer_id == merged


async def test_an_event_of_nobody_is_recorded_nowhere(database: Database, project: NewProject) -> None:
    async with database.transaction() as connection:
        assert await record_events(connection, project.project_id, [new_event(new_id())], NOW) == ()


async def test_the_cast_stands_where_it_should(database: Database, cast: Cast) -> None:
    async with database.connection() as connection:
        said = await consents_of(connection, [cast.alice, cast.bob, cast.carol])
    granted = [is_granted(None, standing(said[one].get("whatsapp", ()), NOW), NOW) for one in said]
    assert granted == [True, False, False]


async def test_a_consent_that_cannot_be_understood_revokes_and_says_why(
    database: Database, project: NewProject, cast: Cast
) -> None:
    broken = consent_event(cast.alice, "accept", properties={"action": "Accept", "category": "whatsapp"})
    await add_event(database, project, broken)
    async with database.connection() as connection:
        last = (await consents_of(connection, [cast.alice]))[cast.alice]["whatsapp"][-1]
    assert last.action == "invalid"
    assert "lower case" in (last.problem or "")


async def test_a_category_that_is_not_there_is_pointed_out(database: Database, project: NewProject, cast: Cast) -> None:
    properties = {"action": "accept", "category": "WhatsApp", "valid_until": "unlimited"}
    await add_event(database, project, consent_event(cast.carol, "accept", properties=properties))
    async with database.connection() as connection:
        (entry,) = (await consents_of(connection, [cast.carol]))[cast.carol]["WhatsApp"]
    assert entry.action == "accept"
    assert "case-sensitive" in (entry.problem or "")


async def test_a_merge_is_told_by_an_event(database: Database, project: NewProject) -> None:
    async with database.transaction() as connection:
        await resolve_customers(connection, project.project_id, [ids(None, "c1")], NOW)
        await resolve_customers(connection, project.project_id, [ids("jana", "c2")], NOW + timedelta(days=1))
        (merged,) = await resolve_customers(
            connection, project.project_id, [ids("jana", "c1")], NOW + timedelta(days=2)
        )
        (event,) = await past_events(connection, merged)  # type: ignore[arg-type]
    assert event.type == "merge"
    assert event.properties["source_ids"] == {"registered": ["jana"], "cookie": ["c2"]}

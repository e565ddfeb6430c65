"""Somebody wrote to us: the customer is found by address, or made once."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from parley.domain.customer import Address, AddressKind, WhatsAppSender
from parley.domain.ids import bucket_of, new_id_in
from parley.domain.phone import match_key_of_wa_id
from parley.services.create_project import NewProject
from parley.services.find_or_create_by_address import find_or_create_by_address
from parley.services.resolve_customers import run_resolving
from parley.services.set_properties import PropertyUpdate, set_properties
from parley.store.customers import addresses_of, customers_by_id
from parley.store.database import Database
from tests.support.builders import NOW, Cast, add_customer


def sender(whatsapp_id: str, name: str | None = None) -> WhatsAppSender:
    digits = whatsapp_id.lstrip("+")
    return WhatsAppSender(whatsapp_id, match_key_of_wa_id(whatsapp_id), digits if digits.isdecimal() else None, name)


async def find(database: Database, project: NewProject, *senders: WhatsAppSender, at: datetime = NOW) -> list[UUID]:
    found = await run_resolving(
        database, lambda connection: find_or_create_by_address(connection, project.project_id, senders, at)
    )
    return list(found)


async def plan_message(database: Database, project: NewProject, customer_id: UUID, at: datetime) -> None:
    """A row of the outbox, as far as finding customers looks at it."""
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO messages (bucket, id, project_id, customer_id, kind, state, content, origin, priority,"
            " planned_at, due_at, decision, changed_at)"
            " VALUES ($1, $2, $3, $4, 'template', 'sent', '{}', '{}', 0, $5, $5, '{}', $5)",
            bucket_of(customer_id),
            new_id_in(bucket_of(customer_id)),
            project.project_id,
            customer_id,
            at,
        )


async def test_a_known_phone_finds_its_customer(database: Database, project: NewProject, cast: Cast) -> None:
    assert await find(database, project, sender("421901000001"), sender("+421901000002")) == [cast.alice, cast.bob]


async def test_a_brazilian_is_found_under_the_old_name_of_the_number(database: Database, project: NewProject) -> None:
    ana = await add_customer(database, project, "ana", {"phone": "+55 11 98123-4567"})
    assert await find(database, project, sender("551181234567")) == [ana]


async def test_one_stranger_under_both_forms_of_a_number_is_one_customer(
    database: Database, project: NewProject
) -> None:
    both = await find(database, project, sender("551181234567"), sender("5511981234567"), sender("5215512345678"))
    assert both[0] == both[1] != both[2]
    assert await find(database, project, sender("525512345678")) == [both[2]]


async def test_a_stranger_becomes_a_customer_who_can_be_answered(database: Database, project: NewProject) -> None:
    (stranger,) = await find(database, project, sender("421905111222", "Jano"))
    async with database.connection() as connection:
        customer = (await customers_by_id(connection, [stranger]))[stranger]
        addresses = (await addresses_of(connection, [stranger]))[stranger]
    assert customer.phone == "+421905111222"
    assert customer.properties == {"phone": "+421905111222", "whatsapp_profile_name": "Jano"}
    assert Address(AddressKind.WHATSAPP, "whatsapp", "421905111222") in addresses
    assert await find(database, project, sender("+421905111222")) == [stranger]


async def test_a_user_id_without_a_number_is_a_customer_without_a_phone(
    database: Database, project: NewProject
) -> None:
    first = await find(database, project, sender("SK.abc123"), sender("SK.other"), sender("SK.abc123"))
    assert first[0] == first[2] != first[1]
    async with database.connection() as connection:
        assert (await customers_by_id(connection, first))[first[0]].phone is None


async def test_parallel_messages_of_one_stranger_make_one_customer(database: Database, project: NewProject) -> None:
    known = [sender(f"42190522233{one}") for one in range(5)]
    found = await asyncio.gather(*(find(database, project, *known[one % 5 :], *known[: one % 5]) for one in range(20)))
    assert len({customer for customers in found for customer in customers}) == 5


async def test_of_several_with_one_number_the_one_last_written_to_is_meant(
    database: Database, project: NewProject
) -> None:
    first = await add_customer(database, project, "first", {"phone": "+421905333444"})
    second = await add_customer(database, project, "second", {"phone": "+421905333444"})
    await plan_message(database, project, second, NOW - timedelta(days=2))
    await plan_message(database, project, first, NOW - timedelta(days=1))
    assert await find(database, project, sender("421905333444")) == [first]


async def test_a_stranger_who_is_a_customer_by_now_answers_as_that_one(database: Database, project: NewProject) -> None:
    (stranger,) = await find(database, project, sender("421905555666"))
    customer = await add_customer(database, project, "registered", {"phone": "+421905555666"})
    await plan_message(database, project, customer, NOW)
    assert stranger != customer
    assert await find(database, project, sender("421905555666")) == [customer]


async def test_without_a_message_the_one_that_changed_last_is_meant(database: Database, project: NewProject) -> None:
    first = await add_customer(database, project, "first", {"phone": "+421905777888"})
    await add_customer(database, project, "second", {"phone": "+421905777888"})
    async with database.transaction() as connection:
        update = PropertyUpdate(first, {"city": "Nitra"})
        await set_properties(connection, project.project_id, [update], NOW + timedelta(days=1))
    assert await find(database, project, sender("421905777888")) == [first]

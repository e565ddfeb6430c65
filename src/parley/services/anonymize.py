"""Erases who a customer is: ids, addresses, attributes, words and numbers. What happened stays, as nobody's.

Raw callbacks and early reports follow within minutes (`forget`): no customer's id leads there.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from parley.domain.customer import Address, AddressKind, CustomerIds
from parley.domain.ids import new_token
from parley.domain.project import Project
from parley.services.customer_data import NoSuchCustomer
from parley.services.hold_customers import hold_customers
from parley.services.people import people, reachable_by
from parley.store.anonymize import erase
from parley.store.customers import (
    close_gates,
    count_lost_addresses,
    customers_by_id,
    insert_addresses,
    lock_attributes_of,
    owners,
)
from parley.store.database import Connection, Database
from parley.store.retention import remember_erasure
from parley.store.suppressions import forget_addresses

PERSONAL = (
    *("message", "recipient", "phone", "email", "first_name", "last_name", "name", "profile_name"),
    *("from", "to", "contact", "contacts", "identification", "email_address", "ip", "user_agent", "address", "street"),
    *("form_url", "document_id", "note", "said", "entered_by"),
    *("raw", "caption", "latitude", "longitude", "location", "source_ids", "text", "body", "url", "filename"),
)
"""Properties that are taken out of the events of an erased customer."""
MOST_AT_ONCE = 1_000
SHORTEST_NUMBER = 7
"""Digits. A shorter one stands in callbacks that are not about it."""


async def anonymize(
    database: Database, project: Project, customers: Sequence[CustomerIds | UUID], now: datetime
) -> tuple[UUID | NoSuchCustomer, ...]:
    """One answer for each, by external ids or by our own. Each erased customer gets a new cookie, known to nobody."""
    return await database.run(lambda connection: _anonymize(connection, project, customers, now))


async def _anonymize(
    connection: Connection, project: Project, customers: Sequence[CustomerIds | UUID], now: datetime
) -> tuple[UUID | NoSuchCustomer, ...]:
    found = await _find(connection, project.id, customers)
    at = await hold_customers(connection, {one for one in found if isinstance(one, UUID)})
    if at:
        await _erase(connection, project, set(at.values()), now)
    return tuple(one if isinstance(one, NoSuchCustomer) else at.get(one, NoSuchCustomer()) for one in found)


async def _find(
    connection: Connection, project_id: UUID, customers: Sequence[CustomerIds | UUID]
) -> list[UUID | NoSuchCustomer]:
    addresses = {at for one in customers if isinstance(one, CustomerIds) for at in one.addresses()}
    owned = await owners(connection, project_id, addresses)
    internal = await _ours(connection, project_id, {one for one in customers if isinstance(one, UUID)})
    return [_meant(one, owned, internal) for one in customers]


async def _ours(connection: Connection, project_id: UUID, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Where these customers of the project are now: who was merged away is erased as whom that one became."""
    at = await hold_customers(connection, ids)
    known = await customers_by_id(connection, set(at.values()))
    return {one: now for one, now in at.items() if now in known and known[now].project_id == project_id}


def _meant(
    customer: CustomerIds | UUID, owned: Mapping[Address, UUID], internal: Mapping[UUID, UUID]
) -> UUID | NoSuchCustomer:
    if isinstance(customer, UUID):
        return internal.get(customer, NoSuchCustomer())
    return next((owned[at] for at in customer.addresses() if at in owned), NoSuchCustomer())


async def _erase(connection: Connection, project: Project, customers: set[UUID], now: datetime) -> None:
    """Locked first, in the order of all locks; whoever waits to write to them has to look them up again."""
    await lock_attributes_of(connection, customers)
    await close_gates(connection, customers)
    await count_lost_addresses(connection, customers)
    known = await people(connection, customers)
    await forget_addresses(
        connection, project.id, {address for person in known.values() for _, address in reachable_by(person)}
    )
    await remember_erasure(connection, project.id, customers, SHORTEST_NUMBER, now)
    await erase(connection, customers, PERSONAL, now)
    cookie = next(iter(project.settings.soft_ids), "cookie")
    fresh = [(Address(AddressKind.SOFT, cookie, new_token()), one) for one in customers]
    await insert_addresses(connection, project.id, fresh, now)

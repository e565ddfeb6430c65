"""Erases who a customer is: ids, addresses, attributes, words and numbers. What happened stays, as nobody's."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from parley.domain.customer import Address, AddressKind, CustomerIds
from parley.domain.ids import new_token
from parley.domain.project import Project
from parley.services.customer_data import NoSuchCustomer, find_customer
from parley.store.anonymize import erase
from parley.store.customers import count_lost_addresses, customers_by_id, insert_addresses, lock_attributes_of
from parley.store.database import Connection, Database

PERSONAL = (
    *("message", "recipient", "phone", "email", "first_name", "last_name", "name", "profile_name"),
    *("from", "to", "contact", "contacts", "identification", "email_address", "ip", "user_agent", "address", "street"),
    *("raw", "caption", "latitude", "longitude", "location", "source_ids", "text", "body", "url", "filename"),
)
"""Properties that are taken out of the events of an erased customer."""
MOST_AT_ONCE = 1_000


async def anonymize(
    database: Database, project: Project, customers: Sequence[CustomerIds | UUID], now: datetime
) -> tuple[UUID | NoSuchCustomer, ...]:
    """One answer for each, by external ids or by our own. Each erased customer gets a new cookie, known to nobody."""
    async with database.transaction() as connection:
        found = [await _find(connection, project.id, one) for one in customers]
        erased = {one for one in found if isinstance(one, UUID)}
        if erased:
            await _erase(connection, project, erased, now)
    return tuple(found)


async def _find(connection: Connection, project_id: UUID, customer: CustomerIds | UUID) -> UUID | NoSuchCustomer:
    if isinstance(customer, CustomerIds):
        return await find_customer(connection, project_id, customer)
    known = (await customers_by_id(connection, [customer])).get(customer)
    return known.id if known and known.project_id == project_id else NoSuchCustomer()


async def _erase(connection: Connection, project: Project, customers: set[UUID], now: datetime) -> None:
    """Held first, in the order of all locks; whoever waits to write to them has to look them up again."""
    await lock_attributes_of(connection, customers)
    await count_lost_addresses(connection, customers)
    await erase(connection, customers, PERSONAL, now)
    cookie = next(iter(project.settings.soft_ids), "cookie")
    fresh = [(Address(AddressKind.SOFT, cookie, new_token()), one) for one in customers]
    await insert_addresses(connection, project.id, fresh, now)

"""The data API's answers about customers."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.consent import is_granted, standing
from parley.domain.customer import Address, AddressKind, CustomerIds
from parley.domain.project import Project
from parley.store.consents import categories, consents_of
from parley.store.customers import addresses_of, customers_by_id, owners, page_of_customers, property_names
from parley.store.database import Connection, Database
from parley.store.events import PastEvent, Slice, past_events

PAGE = 500
"""Customers that an export reads at once."""


class Wanted(msgspec.Struct, frozen=True):
    """One attribute that somebody asks for: a property, an id, a consent, or something we do not compute."""

    type: str
    name: str


class Value(msgspec.Struct, frozen=True):
    """What it is; None when the customer has none."""

    value: Any


class NoSuchThing(msgspec.Struct, frozen=True):
    """Why there can be no value."""

    sentence: str


class Everything(msgspec.Struct, frozen=True):
    """All that is known of one customer."""

    ids: Mapping[str, Any]
    properties: Mapping[str, Any]
    events: Sequence[PastEvent]


class Field(msgspec.Struct, frozen=True):
    """A column of an export. `type` is id or property."""

    type: str
    name: str


class NoSuchCustomer(msgspec.Struct, frozen=True):
    """Nobody has these ids."""


async def find_customer(connection: Connection, project_id: UUID, ids: CustomerIds) -> UUID | NoSuchCustomer:
    """Whom these ids mean, hard ids first; nothing is created or merged."""
    addresses = list(ids.addresses())
    found = await owners(connection, project_id, addresses)
    return next((found[address] for address in addresses if address in found), NoSuchCustomer())


async def attributes(
    database: Database, project: Project, ids: CustomerIds, wanted: Sequence[Wanted], now: datetime
) -> list[Value | NoSuchThing] | NoSuchCustomer:
    """One answer for each, in their order."""
    async with database.connection() as connection:
        customer_id = await find_customer(connection, project.id, ids)
        if isinstance(customer_id, NoSuchCustomer):
            return customer_id
        shelves = {
            "property": await _properties(connection, customer_id),
            "id": _external_ids((await addresses_of(connection, [customer_id]))[customer_id]),
            "consent": await _consents(connection, project.id, customer_id, now),
        }
    return [_value(shelves, one) for one in wanted]


async def _properties(connection: Connection, customer_id: UUID) -> Mapping[str, Any]:
    return (await customers_by_id(connection, [customer_id]))[customer_id].properties


def _external_ids(addresses: Sequence[Address]) -> dict[str, Any]:
    """A hard id is a text, a soft id a list: the last used comes last."""
    ids: dict[str, Any] = {}
    for address in addresses:
        if address.kind == AddressKind.HARD:
            ids[address.name] = address.value
        elif address.kind == AddressKind.SOFT:
            ids.setdefault(address.name, []).append(address.value)
    return ids


async def _consents(connection: Connection, project_id: UUID, customer_id: UUID, now: datetime) -> dict[str, bool]:
    known = await categories(connection, project_id)
    said = (await consents_of(connection, [customer_id]))[customer_id]
    return {name: is_granted(known.get(name), standing(said.get(name, ()), now), now) for name in {*known, *said}}


def _value(shelves: Mapping[str, Mapping[str, Any]], wanted: Wanted) -> Value | NoSuchThing:
    if wanted.type == "consent":
        return Value(shelves["consent"].get(wanted.name, False))
    if wanted.type in shelves:
        return Value(shelves[wanted.type].get(wanted.name))
    return NoSuchThing(f"There is no {wanted.type} {wanted.name!r} in this project.")


async def export_one(database: Database, project: Project, ids: CustomerIds) -> Everything | NoSuchCustomer:
    """Ids, properties and events, the oldest first."""
    async with database.connection() as connection:
        customer_id = await find_customer(connection, project.id, ids)
        if isinstance(customer_id, NoSuchCustomer):
            return customer_id
        return Everything(
            ids=_external_ids((await addresses_of(connection, [customer_id]))[customer_id]),
            properties=await _properties(connection, customer_id),
            events=await past_events(connection, customer_id),
        )


async def events(
    database: Database, project: Project, ids: CustomerIds, wanted: Slice
) -> list[PastEvent] | NoSuchCustomer:
    """Some of the customer's events."""
    async with database.connection() as connection:
        customer_id = await find_customer(connection, project.id, ids)
        if isinstance(customer_id, NoSuchCustomer):
            return customer_id
        return await past_events(connection, customer_id, wanted)


async def export_fields(database: Database, project: Project) -> list[Field]:
    """The columns: ids first, then every property that any customer has."""
    ids = [*project.settings.hard_ids, *project.settings.soft_ids]
    async with database.connection() as connection:
        names = await property_names(connection, project.id)
    return [Field("id", name) for name in ids] + [Field("property", name) for name in names]


async def export_rows(database: Database, project: Project, fields: Sequence[Field]) -> AsyncIterator[list[list[Any]]]:
    """All customers, page by page: no page is kept, and no connection is held while the reader is slow."""
    after = UUID(int=0)
    while True:
        async with database.connection() as connection:
            page = await page_of_customers(connection, project.id, after, PAGE)
            found = await addresses_of(connection, [ident for ident, _ in page])
        if not page:
            return
        after = page[-1][0]
        yield [_row(fields, _external_ids(found[ident]), properties) for ident, properties in page]


def _row(fields: Sequence[Field], ids: Mapping[str, Any], properties: Mapping[str, Any]) -> list[Any]:
    return [(ids if field.type == "id" else properties).get(field.name) for field in fields]

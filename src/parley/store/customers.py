"""Customers and the addresses by which they are found."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.customer import Address, AddressKind, Customer
from parley.domain.ids import bucket_of
from parley.store.database import Connection, sql


class Owner(msgspec.Struct, frozen=True):
    """Who owns an address; locked until the transaction ends."""

    address: Address
    id: UUID
    created_at: datetime
    updated_at: datetime


class LookedUpTooEarlyError(Exception):
    """Somebody took an address away while we waited for its owner: give the locks back and look again."""


class Attributes(msgspec.Struct, frozen=True):
    """What a customer's row holds of properties."""

    customer_id: UUID
    properties: Mapping[str, Any]
    property_times: Mapping[str, float]
    """When each was last set, in UNIX seconds."""
    phone: str | None = None
    phone_problem: str | None = None


async def lock_owners(connection: Connection, project_id: UUID, addresses: Collection[Address]) -> list[Owner]:
    """Locks the customers whom these addresses find. Raises LookedUpTooEarlyError when that no longer holds."""
    asked = list(addresses)
    rows = await sql.customers.lock_owners(connection, project_id=project_id, **_columns(asked))
    lost_now = {ident: lost for place, ident, lost, _, _ in rows if place is None}
    found = [row for row in rows if row["place"] is not None]
    if any(lost_now.get(ident) != lost for _, ident, lost, _, _ in found):
        raise LookedUpTooEarlyError
    return [Owner(asked[place - 1], ident, created, updated) for place, ident, _, created, updated in found]


async def owners(connection: Connection, project_id: UUID, addresses: Collection[Address]) -> dict[Address, UUID]:
    """Who owns these addresses; nothing is locked. Of several with one phone number, any."""
    rows = await sql.customers.owners(connection, project_id=project_id, **_columns(addresses))
    return {_address(row): row["customer_id"] for row in rows}


async def owners_of(
    connection: Connection, project_id: UUID, addresses: Collection[Address]
) -> list[tuple[Address, UUID]]:
    """Everybody with any of these addresses."""
    rows = await sql.customers.owners(connection, project_id=project_id, **_columns(addresses))
    return [(_address(row), row["customer_id"]) for row in rows]


async def all_owners(connection: Connection, project_id: UUID, address: Address) -> list[UUID]:
    """Everybody with this address: several with one phone number."""
    rows = await sql.customers.owners(connection, project_id=project_id, **_columns([address]))
    return sorted(row["customer_id"] for row in rows)


async def hard_ids_of(connection: Connection, customer_ids: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    """The hard ids of each customer that has any."""
    found: dict[UUID, dict[str, str]] = {}
    for row in await sql.customers.hard_ids_of(connection, ids=list(customer_ids)):
        found.setdefault(row["customer_id"], {})[row["name"]] = row["value"]
    return found


async def addresses_of(connection: Connection, customer_ids: Collection[UUID]) -> dict[UUID, list[Address]]:
    """All addresses of each customer, soft ids by their use."""
    found: dict[UUID, list[Address]] = {one: [] for one in customer_ids}
    for row in await sql.customers.addresses_of(connection, ids=list(customer_ids)):
        found[row["customer_id"]].append(_address(row))
    return found


async def insert_customers(connection: Connection, project_id: UUID, ids: Sequence[UUID], now: datetime) -> None:
    """Stores customers that are known by their ids only."""
    await sql.customers.insert_customers(connection, project_id=project_id, now=now, **keys(ids))


async def insert_addresses(
    connection: Connection, project_id: UUID, added: Iterable[tuple[Address, UUID]], now: datetime
) -> int:
    """Adds what is not there yet and returns how many that were. Waits for others who are adding the same."""
    pairs = sorted(added)
    rows = await sql.customers.insert_addresses(
        connection,
        project_id=project_id,
        now=now,
        customer_ids=[owner for _, owner in pairs],
        **_columns([address for address, _ in pairs]),
    )
    return len(rows)


async def move_addresses(
    connection: Connection, project_id: UUID, moved: Mapping[Address, UUID], now: datetime
) -> None:
    """Gives addresses to other owners. The caller holds both."""
    await sql.customers.move_addresses(
        connection, project_id=project_id, now=now, customer_ids=list(moved.values()), **_columns(moved)
    )


async def touch_addresses(
    connection: Connection, project_id: UUID, addresses: Collection[Address], now: datetime
) -> None:
    """Notes that these were used."""
    await sql.customers.touch_addresses(connection, project_id=project_id, now=now, **_columns(addresses))


async def drop_old_soft_ids(
    connection: Connection, project_id: UUID, customer_ids: Collection[UUID], kept: int
) -> set[UUID]:
    """Keeps the last used of each soft id and returns the customers who lost some."""
    rows = await sql.customers.drop_old_soft_ids(connection, project_id=project_id, ids=list(customer_ids), kept=kept)
    return {row["customer_id"] for row in rows}


async def count_lost_addresses(connection: Connection, customer_ids: Collection[UUID]) -> None:
    """Tells those who wait for these customers that an address was taken away."""
    await sql.customers.count_lost_addresses(connection, **keys(customer_ids))


async def close_gates(connection: Connection, customer_ids: Collection[UUID]) -> None:
    """Nobody stores events of these customers by their ids alone (`insert_events_of_known`) until the transaction ends.

    All at once, and once in a transaction: its order of locks is that of the gates. The caller holds the customers.
    """
    await sql.customers.close_gates(connection, ids=list(customer_ids))


async def hold_customers(connection: Connection, customer_ids: Collection[UUID]) -> set[UUID]:
    """Keeps these customers from being merged away until the transaction ends; returns those that are still there."""
    rows = await sql.customers.hold_customers(connection, **keys(customer_ids))
    return {row["id"] for row in rows}


async def hold_or_leave(connection: Connection, customer_ids: Collection[UUID]) -> set[UUID]:
    """As `hold_customers`, but waits for nobody: returns those whom somebody merges away at this moment."""
    rows = await sql.customers.hold_or_leave(connection, **keys(customer_ids))
    return {row["id"] for row in rows}


async def merged_into(connection: Connection, customer_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Where merged customers went: one step."""
    rows = await sql.customers.merged_into(connection, **keys(customer_ids))
    return {row["id"]: row["into_id"] for row in rows}


async def customers_by_id(connection: Connection, customer_ids: Collection[UUID]) -> dict[UUID, Customer]:
    """The customers of these ids."""
    rows = await sql.customers.customers_by_id(connection, **keys(customer_ids))
    return {row["id"]: _customer(row) for row in rows}


async def lock_attributes_of(connection: Connection, customer_ids: Collection[UUID]) -> dict[UUID, Attributes]:
    """The properties of these customers, who are locked until the transaction ends."""
    rows = await sql.customers.lock_attributes(connection, **keys(customer_ids))
    return {row["id"]: Attributes(*row) for row in rows}


async def update_customers(connection: Connection, changed: Collection[Attributes], now: datetime) -> None:
    """Writes properties and what follows from them. The caller holds the customers."""
    await sql.customers.update_customers(
        connection,
        now=now,
        properties=[one.properties for one in changed],
        property_times=[one.property_times for one in changed],
        phones=[one.phone for one in changed],
        phone_problems=[one.phone_problem for one in changed],
        **keys([one.customer_id for one in changed]),
    )


async def delete_addresses(
    connection: Connection, customer_ids: Collection[UUID], kinds: Iterable[AddressKind]
) -> None:
    """Takes all addresses of some kinds away."""
    await sql.customers.delete_addresses(connection, ids=list(customer_ids), kinds=[kind.value for kind in kinds])


async def last_written_to(connection: Connection, customer_ids: Collection[UUID]) -> dict[UUID, datetime | None]:
    """When a message of ours was last planned for each."""
    rows = await sql.customers.last_written_to(connection, **keys(customer_ids))
    return {row["id"]: row["at"] for row in rows}


async def page_of_customers(
    connection: Connection, project_id: UUID, after: UUID, size: int
) -> list[tuple[UUID, Mapping[str, Any]]]:
    """The next customers of a project by id, with their properties."""
    rows = await sql.customers.page_of_customers(connection, project_id=project_id, after=after, size=size)
    return [(row["id"], row["properties"]) for row in rows]


async def ids_of_project(connection: Connection, project_id: UUID, after: UUID, size: int) -> list[UUID]:
    """The next customers of a project by id."""
    rows = await sql.customers.ids_of_project(connection, project_id=project_id, after=after, size=size)
    return [row["id"] for row in rows]


async def count_customers(connection: Connection, project_id: UUID) -> int:
    """All of a project."""
    count: int = await sql.customers.count_customers(connection, project_id=project_id)
    return count


async def property_names(connection: Connection, project_id: UUID) -> list[str]:
    """Every name that any customer of the project has, sorted."""
    return [row["name"] for row in await sql.customers.property_names(connection, project_id=project_id)]


def keys(customer_ids: Collection[UUID]) -> dict[str, list[Any]]:
    """The two arrays by which rows of customers are found."""
    return {"buckets": [bucket_of(one) for one in customer_ids], "ids": list(customer_ids)}


def _columns(addresses: Iterable[Address]) -> dict[str, list[Any]]:
    listed = list(addresses)
    return {
        "buckets": [one.bucket for one in listed],
        "kinds": [one.kind for one in listed],
        "names": [one.name for one in listed],
        "values": [one.value for one in listed],
    }


_KINDS = {kind.value: kind for kind in AddressKind}


def _address(row: Any) -> Address:
    return Address(_KINDS[row["kind"]], row["name"], row["value"])


def _customer(row: Any) -> Customer:
    return Customer(
        row["id"],
        row["project_id"],
        row["properties"],
        row["phone"],
        row["phone_problem"],
        row["created_at"],
        row["updated_at"],
    )

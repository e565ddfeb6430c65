"""Customers whom nobody has tracked yet are made from a hard id, with the phone beside it, or from a phone alone."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from parley.domain.customer import Address, AddressKind, CustomerIds
from parley.domain.ids import new_id
from parley.domain.project import Project
from parley.services.resolve_customers import resolve_customers
from parley.services.set_properties import PHONE, PropertyUpdate, set_properties
from parley.store.customers import insert_customers
from parley.store.database import Connection

LONGEST_ID = 256
"""Characters, as the tracking API takes them: an id stands in an index."""


async def create_customers(
    connection: Connection, project: Project, wanted: Mapping[Address, str | None], now: datetime
) -> dict[Address, UUID]:
    """`wanted`: each with its phone as it was written. A cookie makes nobody, nor does an id that is too long."""
    by_id = [at for at in wanted if at.kind is AddressKind.HARD and len(at.value) <= LONGEST_ID]
    found: dict[Address, UUID] = {}
    if by_id:
        calls = [CustomerIds(hard={at.name: at.value}) for at in by_id]
        made = await resolve_customers(connection, project.id, calls, now)
        found |= {at: one for at, one in zip(by_id, made, strict=True) if isinstance(one, UUID)}
    by_phone = {at: new_id() for at in wanted if at.kind is AddressKind.PHONE}
    if by_phone:
        await insert_customers(connection, project.id, list(by_phone.values()), now)
    found |= by_phone
    phones = [PropertyUpdate(ident, {PHONE: phone}) for at, ident in found.items() if (phone := wanted[at])]
    await set_properties(connection, project.id, phones, now)
    return found

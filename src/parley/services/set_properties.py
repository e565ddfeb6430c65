"""Customer attributes: the later value wins, and `phone` becomes a number that can be written to."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.customer import PROPERTIES, Address, AddressKind
from parley.domain.phone import PhoneNumber, UnusablePhone, match_key, read_phone
from parley.domain.project import ProjectSettings
from parley.services.hold_customers import hold_customers
from parley.store.customers import (
    Attributes,
    delete_addresses,
    insert_addresses,
    lock_attributes_of,
    update_customers,
)
from parley.store.database import Connection
from parley.store.projects import project_by_id

PHONE = "phone"


class PropertyUpdate(msgspec.Struct, frozen=True):
    """Attributes to set on one customer."""

    customer_id: UUID
    properties: Mapping[str, Any]
    update_timestamp: float | None = None
    """UNIX seconds: only what was set before is overwritten. None: now."""


class TooManyAttributes(msgspec.Struct, frozen=True):
    """The customer would have more than PROPERTIES attributes; nothing of this update was set."""

    customer_id: UUID
    names: int


async def set_properties(
    connection: Connection, project_id: UUID, updates: Sequence[PropertyUpdate], now: datetime
) -> tuple[TooManyAttributes | None, ...]:
    """Sets many at once, in their order. One answer for each: None when it was set, or was older than what is there."""
    if not updates:
        return ()
    at = await hold_customers(connection, {update.customer_id for update in updates})
    stored = await lock_attributes_of(connection, set(at.values()))
    current, answers = dict(stored), list[TooManyAttributes | None]()
    for update in updates:
        customer_id = at.get(update.customer_id)
        outcome = customer_id and _updated(current[customer_id], update, now)
        answers.append(outcome if isinstance(outcome, TooManyAttributes) else None)
        if isinstance(outcome, Attributes):
            current[outcome.customer_id] = outcome
    changed = [one for ident, one in current.items() if one is not stored[ident]]
    await store_attributes(connection, project_id, stored, changed, now)
    return tuple(answers)


def _updated(before: Attributes, update: PropertyUpdate, now: datetime) -> Attributes | TooManyAttributes:
    said_at = now.timestamp() if update.update_timestamp is None else update.update_timestamp
    newer = {
        name: value for name, value in update.properties.items() if before.property_times.get(name, said_at) <= said_at
    }
    properties = {**before.properties, **newer}
    if len(properties) > PROPERTIES and len(properties) > len(before.properties):
        return TooManyAttributes(before.customer_id, len(properties))
    times = {**before.property_times, **dict.fromkeys(newer, said_at)}
    return msgspec.structs.replace(before, properties=properties, property_times=times) if newer else before


async def store_attributes(
    connection: Connection,
    project_id: UUID,
    before: Mapping[UUID, Attributes],
    changed: Sequence[Attributes],
    now: datetime,
) -> None:
    """Writes changed attributes of customers that are held, and the addresses that follow from their phones."""
    if not changed:
        return
    other = [one for one in changed if _phone_differs(before[one.customer_id], one)]
    read = await _read_phones(connection, project_id, other)
    written = {one.customer_id: one for one in changed} | {one.customer_id: one for one in read}
    await update_customers(connection, list(written.values()), now)
    await replace_phone_addresses(connection, project_id, read, now)


def _phone_differs(before: Attributes, after: Attributes) -> bool:
    return before.properties.get(PHONE) != after.properties.get(PHONE)


async def _read_phones(connection: Connection, project_id: UUID, changed: Iterable[Attributes]) -> list[Attributes]:
    wanted = list(changed)
    if not wanted:
        return []
    project = await project_by_id(connection, project_id)
    settings = project.settings if project else ProjectSettings()
    return [_with_phone(one, settings.default_region) for one in wanted]


def _with_phone(attributes: Attributes, region: str | None) -> Attributes:
    value = attributes.properties.get(PHONE)
    if value is None:
        return msgspec.structs.replace(attributes, phone=None, phone_problem=None)
    match read_phone(value, region):
        case PhoneNumber(e164=e164):
            return msgspec.structs.replace(attributes, phone=e164, phone_problem=None)
        case UnusablePhone(reason=reason):
            return msgspec.structs.replace(attributes, phone=None, phone_problem=reason)


async def replace_phone_addresses(
    connection: Connection, project_id: UUID, changed: Sequence[Attributes], now: datetime
) -> None:
    """After a phone is another one. No phone address identifies a customer alone, so nobody has to look again."""
    if not changed:
        return
    await delete_addresses(connection, [one.customer_id for one in changed], [AddressKind.PHONE])
    added = [(phone_address(match_key(one.phone[1:])), one.customer_id) for one in changed if one.phone]
    await insert_addresses(connection, project_id, added, now)


def phone_address(key: str) -> Address:
    """Where customers of a phone's match key are found."""
    return Address(AddressKind.PHONE, AddressKind.PHONE.value, key)

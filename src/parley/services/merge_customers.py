"""Two customers turn out to be one: everything of the later becomes the earlier's, and a `merge` event says so."""

from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.customer import Address, AddressKind
from parley.domain.event import NewEvent
from parley.domain.identity import Merge
from parley.services.record_events import record_events
from parley.services.set_properties import replace_phone_addresses
from parley.store.customers import Attributes, addresses_of, delete_addresses, lock_attributes_of, update_customers
from parley.store.database import Connection
from parley.store.merges import move_all

MERGE = "merge"
"""The type of the event."""


async def merge_customers(connection: Connection, project_id: UUID, merge: Merge, now: datetime) -> None:
    """The caller holds both (their order of locking is the caller's), and has the right to merge them."""
    both = await lock_attributes_of(connection, [merge.source, merge.destination])
    brought = (await addresses_of(connection, [merge.source]))[merge.source]
    await delete_addresses(connection, [merge.source], [AddressKind.PHONE])
    await move_all(connection, project_id, merge.source, merge.destination, now)
    united = unite(both[merge.destination], both[merge.source])
    await update_customers(connection, [united], now)
    await replace_phone_addresses(connection, project_id, [united], now)
    await record_events(connection, project_id, [_merge_event(merge, brought, now)], now)


def unite(destination: Attributes, source: Attributes) -> Attributes:
    """Of two values the one set later; at the same moment the destination's."""
    from_source = {
        name: value
        for name, value in source.properties.items()
        if name not in destination.properties or _time(source, name) > _time(destination, name)
    }
    times = {**destination.property_times, **{name: _time(source, name) for name in from_source}}
    phone_of = source if "phone" in from_source else destination
    return msgspec.structs.replace(
        destination,
        properties={**destination.properties, **from_source},
        property_times=times,
        phone=phone_of.phone,
        phone_problem=phone_of.phone_problem,
    )


def _time(attributes: Attributes, name: str) -> float:
    return attributes.property_times.get(name, 0.0)


def _merge_event(merge: Merge, brought: list[Address], now: datetime) -> NewEvent:
    ids: dict[str, list[str]] = {}
    for address in brought:
        ids.setdefault(address.name, []).append(address.value)
    return NewEvent(
        customer_id=merge.destination,
        type=MERGE,
        occurred_at=now,
        properties={"source_internal_id": str(merge.source), "source_ids": ids},
        client_event_id=f"merge:{merge.source}",
        source="crm",
    )

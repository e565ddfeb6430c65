"""Builders with good defaults, and the cast: Alice has opted in, Bob said STOP, Carol was never asked."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.customer import CustomerIds
from parley.domain.event import NewEvent
from parley.services.create_project import NewProject
from parley.services.record_events import record_events
from parley.services.resolve_customers import resolve_customers
from parley.services.set_properties import PropertyUpdate, set_properties
from parley.store.database import Database

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""The moment at which tests happen."""


class Cast(msgspec.Struct, frozen=True):
    """The three customers of a project, by their ids."""

    alice: UUID
    bob: UUID
    carol: UUID


def ids(registered: str | None = None, *cookies: str, **hard: str) -> CustomerIds:
    """`ids("jana")`, `ids("jana", "cookie-1")`, `ids(None, "cookie-1")`."""
    return CustomerIds(
        hard=hard | ({"registered": registered} if registered is not None else {}),
        soft={"cookie": cookies} if cookies else {},
    )


def new_event(customer_id: UUID, type: str = "cart_update", **changes: Any) -> NewEvent:  # noqa: A002  the field's name
    """An event without a time of its own: it never equals another."""
    given: dict[str, Any] = {"customer_id": customer_id, "type": type, "occurred_at": NOW, "properties": {}}
    return NewEvent(**given | changes)


def consent_event(customer_id: UUID, action: str, **changes: Any) -> NewEvent:
    """`accept` or `reject` in the category whatsapp."""
    properties = {"action": action, "category": "whatsapp", "valid_until": "unlimited"}
    return new_event(customer_id, "consent", **{"properties": properties} | changes)


async def add_customer(
    database: Database, project: NewProject, registered: str, properties: Mapping[str, Any] | None = None
) -> UUID:
    """A customer with one hard id."""
    async with database.transaction() as connection:
        (customer_id,) = await resolve_customers(connection, project.project.id, [ids(registered)], NOW)
        assert isinstance(customer_id, UUID)
        update = PropertyUpdate(customer_id, properties or {})
        await set_properties(connection, project.project.id, [update], NOW)
    return customer_id


async def add_event(database: Database, project: NewProject, event: NewEvent) -> None:
    """One event, recorded."""
    async with database.transaction() as connection:
        await record_events(connection, project.project.id, [event], NOW)


async def add_cast(database: Database, project: NewProject) -> Cast:
    """Alice, Bob and Carol: with phones of Slovakia, and what each said."""
    people = {"alice": "+421901000001", "bob": "+421901000002", "carol": "+421901000003"}
    by_name = {
        name: await add_customer(database, project, name, {"phone": phone, "first_name": name.title()})
        for name, phone in people.items()
    }
    for name, action, days in (("alice", "accept", 9), ("bob", "accept", 8), ("bob", "reject", 1)):
        said = consent_event(by_name[name], action, occurred_at=NOW - timedelta(days=days))
        await add_event(database, project, said)
    return Cast(**by_name)

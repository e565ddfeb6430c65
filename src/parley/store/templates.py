"""The registry of message templates: where each stands, and what happened to it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.store.database import Connection, sql
from parley.store.messages import WOKEN_AT_ONCE

NEWEST = 2**63 - 1
"""Before which everything in a history stands."""


class TemplateRow(msgspec.Struct, frozen=True):
    """Where one template stands. What it says is its definition's."""

    name: str
    """As its definition is called: `cart_reminder.en`."""
    version: int
    status: str
    status_at: datetime
    status_reason: str | None = None
    quality: str = "unknown"
    provider_category: str | None = None
    """What WhatsApp files it as."""
    provider_id: str | None = None
    sender: str | None = None
    """The integration by whose account its status is known; None where a person says it."""
    problem: str | None = None
    judgement: dict[str, Any] | None = None
    override_reason: str | None = None
    override_by: str | None = None
    hand_in_at: datetime | None = None
    """When a worker hands it in, or tries again."""
    hand_in_by: str | None = None
    hand_in_failures: int = 0


class NewEntry(msgspec.Struct, frozen=True):
    """Something that happened to a template."""

    what: str
    """applied, deleted, status, quality, category, override, handed_in, refused."""
    origin: str
    """file, person, provider, or parley itself."""
    before: str | None = None
    after: str | None = None
    said_by: str | None = None
    reason: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """What happened, as it is kept."""

    id: int
    version: int
    at: datetime
    what: str
    before: str | None
    after: str | None
    origin: str
    said_by: str | None
    reason: str | None


async def templates_of(connection: Connection, project_id: UUID) -> list[TemplateRow]:
    """All of a project."""
    return [TemplateRow(**row) for row in await sql.templates.templates_of_project(connection, project_id=project_id)]


async def page_of_templates(
    connection: Connection, project_id: UUID, after: str, most: int, status: str | None
) -> list[TemplateRow]:
    """By name, those that follow `after`."""
    rows = await sql.templates.page_of_templates(
        connection, project_id=project_id, after=after, most=most, status=status
    )
    return [TemplateRow(**row) for row in rows]


async def lock_template(connection: Connection, project_id: UUID, name: str) -> TemplateRow | None:
    """Nobody else changes it until the transaction ends."""
    row = await sql.templates.lock_template(connection, project_id=project_id, name=name)
    return None if row is None else TemplateRow(**row)


async def put_template(connection: Connection, project_id: UUID, row: TemplateRow) -> None:
    """Its version is its definition's, whatever the row says."""
    values = msgspec.structs.asdict(row)
    del values["version"]
    await sql.templates.put_template(connection, project_id=project_id, **values)


async def drop_template(connection: Connection, project_id: UUID, name: str) -> None:
    """Its history stays."""
    await sql.templates.drop_template(connection, project_id=project_id, name=name)


async def add_to_history(connection: Connection, project_id: UUID, name: str, entry: NewEntry, at: datetime) -> None:
    """For ever."""
    said = msgspec.structs.asdict(entry)
    await sql.templates.add_to_history(connection, project_id=project_id, name=name, at=at, **said)


async def history_of_template(
    connection: Connection, project_id: UUID, name: str, before_id: int, most: int
) -> list[Entry]:
    """The newest first; those before one of them."""
    rows = await sql.templates.history_of_template(
        connection, project_id=project_id, name=name, before_id=before_id, most=most
    )
    return [Entry(**row) for row in rows]


async def let_template_go(
    connection: Connection, project_id: UUID, name: str, codes: Collection[str], now: datetime
) -> None:
    """Its messages that wait for one of these reasons are due, however many they are."""
    asked = {"project_id": project_id, "name": name, "codes": list(codes), "now": now, "most": WOKEN_AT_ONCE}
    while await sql.templates.let_template_go(connection, **asked) == f"UPDATE {WOKEN_AT_ONCE}":
        pass

"""The registry of message templates: where each stands, and what happened to it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.store.database import Connection, sql

ALWAYS = datetime(2009, 1, 1, tzinfo=UTC)
"""Before every look that was ever due: at once."""
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


class Claimed(msgspec.Struct, frozen=True):
    """An account whose templates are to be looked at."""

    project_id: UUID
    sender: str
    failures: int


class Looked(msgspec.Struct, frozen=True):
    """What came of a look."""

    look_at: datetime
    """The next one."""
    looked_at: datetime | None
    failures: int
    problem: str | None


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


async def claim_hand_ins(connection: Connection, most: int, now: datetime, until: datetime) -> list[tuple[UUID, str]]:
    """Project and name of templates that are to be handed in; nobody else hands them in before `until`."""
    rows = await sql.templates.claim_hand_ins(connection, most=most, now=now, until=until)
    return [(row["project_id"], row["name"]) for row in rows]


async def claim_looks(connection: Connection, most: int, now: datetime, until: datetime) -> list[Claimed]:
    """Accounts that nobody else looks at before `until`."""
    return [Claimed(**row) for row in await sql.templates.claim_looks(connection, most=most, now=now, until=until)]


async def note_look(connection: Connection, claimed: Claimed, looked: Looked, until: datetime) -> None:
    """`until` as it was claimed: a look that somebody has asked for since then stays."""
    key = {"project_id": claimed.project_id, "sender": claimed.sender}
    await sql.templates.note_look(connection, **key, until=until, **msgspec.structs.asdict(looked))


async def look_soon(connection: Connection, project_id: UUID, sender: str, now: datetime) -> None:
    """A worker looks at that account's templates."""
    await sql.templates.look_soon(connection, project_id=project_id, sender=sender, now=now)


async def look_everywhere(connection: Connection, project_id: UUID, now: datetime) -> None:
    """Workers look at the templates of all the project's accounts."""
    await sql.templates.look_everywhere(connection, project_id=project_id, now=now)


async def forget_sender(connection: Connection, project_id: UUID, sender: str) -> None:
    """Nobody tells where its templates stand any more; they stay where they are."""
    await sql.templates.forget_sender(connection, project_id=project_id, sender=sender)
    await look_no_more(connection, project_id, sender)
    await look_everywhere(connection, project_id, ALWAYS)  # another account may know them


async def look_no_more(connection: Connection, project_id: UUID, sender: str) -> None:
    """Nobody asks for that account's templates."""
    await sql.templates.look_no_more(connection, project_id=project_id, sender=sender)

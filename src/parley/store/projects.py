"""Projects and their keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.access import Role, StoredKey
from parley.domain.project import Project, ProjectSettings
from parley.store.database import Connection, sql


async def insert_project(connection: Connection, project: Project, now: datetime) -> None:
    """Stores a project that is not there yet."""
    settings = msgspec.to_builtins(project.settings)
    await sql.projects.insert_project(
        connection, id=project.id, token=project.token, name=project.name, settings=settings, now=now
    )


async def insert_key(connection: Connection, key: StoredKey, now: datetime) -> None:
    """Stores a key that is not there yet."""
    await sql.projects.insert_key(
        connection,
        key_id=key.key_id,
        project_id=key.project_id,
        visibility=key.visibility,
        role=key.role.value,
        secret_hash=key.secret_hash,
        now=now,
    )


async def project_by_token(connection: Connection, token: str) -> Project | None:
    """The project of a token that stands in an address."""
    return _project(await sql.projects.project_by_token(connection, token=token))


async def project_by_id(connection: Connection, project_id: UUID) -> Project | None:
    """The project of an id that stands in a row."""
    return _project(await sql.projects.project_by_id(connection, id=project_id))


class ProjectLine(msgspec.Struct, frozen=True):
    """A project as people are told of it."""

    id: UUID
    token: str
    name: str


async def all_projects(connection: Connection) -> list[ProjectLine]:
    """The oldest first."""
    return [ProjectLine(**row) for row in await sql.projects.all_projects(connection)]


def _project(row: Any) -> Project | None:
    if row is None:
        return None
    settings = msgspec.convert(row["settings"], ProjectSettings)
    return Project(row["id"], row["token"], row["name"], settings)


class KeyLine(msgspec.Struct, frozen=True):
    """A key as people may see it."""

    key_id: str
    role: str
    created_at: datetime
    revoked_at: datetime | None


async def keys_of_project(connection: Connection, project_id: UUID) -> list[KeyLine]:
    """Revoked ones too, the oldest first."""
    return [KeyLine(**row) for row in await sql.projects.keys_of_project(connection, project_id=project_id)]


async def revoke_key(connection: Connection, project_id: UUID, key_id: str, now: datetime) -> bool:
    """False when the project has no living key of that id."""
    status: str = await sql.projects.revoke_key(connection, project_id=project_id, key_id=key_id, now=now)
    return not status.endswith(" 0")


async def living_key(connection: Connection, key_id: str) -> StoredKey | None:
    """A key that has not been revoked."""
    row = await sql.projects.living_key(connection, key_id=key_id)
    return row and StoredKey(row["key_id"], row["project_id"], Role(row["role"]), row["secret_hash"])


async def answers(connection: Connection) -> bool:
    """Is the database there?"""
    return bool(await sql.projects.answer(connection))

"""Definitions as stored: what `parley apply` puts in, their history, and the sealed secrets beside them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from parley.store.database import Connection, sql


class StoredDefinition(msgspec.Struct, frozen=True):
    """One preset, integration, template, scenario or consent category, as it was written (secrets as references)."""

    kind: str
    name: str
    version: int
    body: bytes
    callback_token: str | None


class StoredIntegration(msgspec.Struct, frozen=True):
    """As it was written (secrets as references)."""

    project_id: UUID
    name: str
    body: bytes
    updated_at: datetime


class Door(msgspec.Struct, frozen=True):
    """Whose callbacks come in by a token."""

    token: str
    project_id: UUID
    integration: str
    stamp: int
    """Of all the project's definitions."""


async def definitions_of(connection: Connection, project_id: UUID) -> list[StoredDefinition]:
    """All of a project."""
    rows = await sql.definitions.definitions_of_project(connection, project_id=project_id)
    return [StoredDefinition(**row) for row in rows]


async def all_integrations(connection: Connection) -> list[StoredIntegration]:
    """Of all projects."""
    return [StoredIntegration(**row) for row in await sql.definitions.all_integrations(connection)]


async def stamp_of(connection: Connection, project_id: UUID) -> int | None:
    """Moves with every change; None when there is no such project."""
    stamp: int | None = await sql.definitions.stamp_of_project(connection, project_id=project_id)
    return stamp


async def lock_project(connection: Connection, project_id: UUID) -> None:
    """Until the end of the transaction nobody else changes the project's definitions; moves the stamp."""
    await sql.definitions.lock_project(connection, project_id=project_id)


async def hold_definitions(connection: Connection, project_ids: Collection[UUID]) -> None:
    """Before this transaction reads them, or stops, to judge by. Waits for nobody, and nobody is kept waiting by it but
    who looks for its judgements (services.judge_anew).
    """
    await sql.definitions.hold_definitions(connection, project_ids=list(project_ids))


async def holders_of_definitions(connection: Connection, project_id: UUID) -> set[str]:
    """Which transactions hold them. What one of these has written is there to be found once it is no longer among them,
    and no other is called so afterwards, as long as the server runs.
    """
    rows = await sql.definitions.holders_of_definitions(connection, project_id=project_id)
    return {row["holder"] for row in rows}


async def put_definition(connection: Connection, project_id: UUID, definition: StoredDefinition, now: datetime) -> None:
    """Stores it as the next version and keeps that version for ever."""
    key = {"project_id": project_id, "kind": definition.kind, "name": definition.name}
    await sql.definitions.put_definition(
        connection, **key, body=definition.body, callback_token=definition.callback_token, now=now
    )
    await sql.definitions.keep_version(connection, **key)


async def delete_stored(connection: Connection, project_id: UUID, kind: str, name: str) -> None:
    """Its versions stay."""
    await sql.definitions.delete_definition(connection, project_id=project_id, kind=kind, name=name)


async def put_secret(
    connection: Connection, project_id: UUID, reference: str, ciphertext: bytes, now: datetime
) -> None:
    """Replaces the one of that reference."""
    await sql.definitions.put_secret(
        connection, project_id=project_id, reference=reference, ciphertext=ciphertext, now=now
    )


async def secrets_of(connection: Connection, project_id: UUID) -> dict[str, bytes]:
    """Sealed, by reference."""
    rows = await sql.definitions.secrets_of_project(connection, project_id=project_id)
    return {row["reference"]: row["ciphertext"] for row in rows}


async def newest_secret(connection: Connection) -> bytes | None:
    """Sealed; of any project. None when nobody has stored one."""
    ciphertext: bytes | None = await sql.definitions.newest_secret(connection)
    return ciphertext


async def doors_of(connection: Connection, tokens: Collection[str]) -> list[Door]:
    """Those of these callback tokens that an integration has."""
    return [Door(**row) for row in await sql.definitions.doors_of_tokens(connection, tokens=list(tokens))]

"""What each account has at the provider, as it was seen last."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from parley.store.database import Connection, sql


class ProviderTemplate(msgspec.Struct, frozen=True):
    """One template in one language."""

    sender: str
    name: str
    """As its definition would be called: `cart_reminder.en`."""
    status: str | None
    category: str | None
    quality: str
    reason: str | None
    details: bytes
    """Its parts, as the provider's JSON."""
    seen_at: datetime
    """Since when it stands so."""


async def keep_copies(
    connection: Connection, project_id: UUID, sender: str, copies: Sequence[ProviderTemplate], now: datetime
) -> None:
    """All that the account has: what it does not have any more goes."""
    names = [one.name for one in copies]
    await sql.provider_templates.drop_others(connection, project_id=project_id, sender=sender, names=names)
    await sql.provider_templates.keep(
        connection,
        project_id=project_id,
        sender=sender,
        now=now,
        names=names,
        statuses=[one.status for one in copies],
        categories=[one.category for one in copies],
        qualities=[one.quality for one in copies],
        reasons=[one.reason for one in copies],
        details=[one.details for one in copies],
    )


async def forget_copies(connection: Connection, project_id: UUID, sender: str) -> None:
    """Of an account that is gone."""
    await sql.provider_templates.drop_all(connection, project_id=project_id, sender=sender)


async def page_of_others(
    connection: Connection, project_id: UUID, after: str, most: int, status: str | None
) -> list[ProviderTemplate]:
    """By name, those that follow `after` and that the project has no file of."""
    rows = await sql.provider_templates.page_of_others(
        connection, project_id=project_id, after=after, most=most, status=status
    )
    return [ProviderTemplate(**row) for row in rows]


async def provider_template(
    connection: Connection, project_id: UUID, name: str, sender: str | None = None
) -> ProviderTemplate | None:
    """Of that account, or of the first that has it."""
    row = await sql.provider_templates.by_name(connection, project_id=project_id, name=name, sender=sender)
    return None if row is None else ProviderTemplate(**row)

"""What was told to a provider about consents: messages of the kind `consent`, number by number."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.message import State
from parley.store.customers import keys
from parley.store.database import Connection, sql

_NOT_TOLD = frozenset({State.REFUSED, State.FAILED, State.EXPIRED, State.CANCELLED})


class Upload(msgspec.Struct, frozen=True):
    """One number's."""

    message_id: UUID
    customer_id: UUID
    number: str | None
    """None once the customer is erased."""
    sender: str | None
    action: str | None
    """opt_in or opt_out."""
    state: State
    code: str | None
    sentence: str | None
    planned_at: datetime
    changed_at: datetime

    @property
    def stands(self) -> bool:
        """The provider has been told, or will be."""
        return self.state not in _NOT_TOLD

    @property
    def left(self) -> bool:
        """The provider may have it."""
        return self.state not in (_NOT_TOLD - {State.FAILED}) | {State.PLANNED, State.QUEUED}


async def uploads_of(connection: Connection, customer_ids: Collection[UUID], since: datetime) -> list[Upload]:
    """Those that were planned since then, the newest first."""
    rows = await sql.uploads.uploads_of(connection, since=since, **keys(customer_ids))
    return [msgspec.convert(dict(row), Upload) for row in rows]


async def opt_ins_under_way(
    connection: Connection, customer_ids: Collection[UUID]
) -> dict[tuple[UUID, str | None], datetime]:
    """By customer and sender, since when they wait to be told or are being told."""
    rows = await sql.uploads.opt_ins_under_way(connection, **keys(customer_ids))
    return {(row["customer_id"], row["sender"]): row["since"] for row in rows}


async def look_again_at(connection: Connection, customer_ids: Collection[UUID], now: datetime) -> None:
    """What became of an upload of theirs is known: templates that wait for it are due."""
    await sql.uploads.look_again_at(connection, now=now, **keys(customer_ids))


async def page_of_uploads(
    connection: Connection, project_id: UUID, before: UUID | None, size: int, *, only_failed: bool
) -> list[Upload]:
    """The project's, the newest first."""
    rows = await sql.uploads.page_of_uploads(
        connection, project_id=project_id, before=before, size=size, only_failed=only_failed
    )
    return [msgspec.convert(dict(row), Upload) for row in rows]

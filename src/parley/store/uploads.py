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


async def page_of_uploads(
    connection: Connection, project_id: UUID, before: UUID | None, size: int, *, only_failed: bool
) -> list[Upload]:
    """The project's, the newest first."""
    rows = await sql.uploads.page_of_uploads(
        connection, project_id=project_id, before=before, size=size, only_failed=only_failed
    )
    return [msgspec.convert(dict(row), Upload) for row in rows]

"""What the provider says of templates, taken into the registry.

What an account's whole list says counts. What it tells by itself carries no time and may be old: bad news counts at
once, and every piece of news makes a worker ask for the list.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from parley.domain.callback import TemplateNotice
from parley.services.definitions import project_definitions
from parley.services.registry import Origin, Said, change
from parley.store.database import Connection
from parley.store.definitions import lock_project
from parley.store.templates import TemplateRow, lock_template, look_soon, templates_of
from parley.templates import MessageTemplate, Status
from parley.templates.copy import CANNOT_LEAVE, Copy, news_of

LISTED_BY_THEN = timedelta(minutes=10)
"""A template that was handed in may be missing in a list for a moment."""
NOT_HANDED_IN = "Not handed in: "
"""Begins the problem of a template that was refused at hand-in."""
GONE = "The provider does not have it any more: it was deleted there."


async def heed_list(
    connection: Connection, project_id: UUID, sender: str, copies: Mapping[str, Copy], now: datetime
) -> None:
    """All templates of an account. Nothing is locked, and no stamp moves, when all stands as before."""
    project = await project_definitions(connection, project_id)
    by_name = {".".join(key): template for key, template in project.templates.items()}
    rows = [row for row in await templates_of(connection, project_id) if row.sender in (None, sender)]
    if all(_heard(row, by_name.get(row.name), sender, copies, now) == row for row in rows):
        return
    await lock_project(connection, project_id)
    for name in sorted(row.name for row in rows):
        row = await lock_template(connection, project_id, name)
        heard = row and _heard(row, by_name.get(name), sender, copies, now)
        if row and heard and heard != row:
            await change(connection, project_id, row, heard, Said(Origin.PROVIDER, sender, heard.status_reason), now)


def _heard(
    row: TemplateRow, template: MessageTemplate | None, sender: str, copies: Mapping[str, Copy], now: datetime
) -> TemplateRow:
    """The row as it is by the provider's list."""
    copy = copies.get(row.name)
    if template is None:
        return row
    if copy is not None:
        return heard_of(row, template, sender, copy)
    is_gone = row.provider_id is not None and row.status_at < now - LISTED_BY_THEN
    if not is_gone or row.status == Status.DISABLED:
        return row
    return msgspec.structs.replace(row, status=Status.DISABLED, status_reason=GONE, provider_id=None, sender=None)


def heard_of(row: TemplateRow, template: MessageTemplate, sender: str, copy: Copy) -> TemplateRow:
    """The row as it is by the provider's copy."""
    news = news_of(template, Status(row.status), copy)
    moved = news.status != row.status
    waits = row.hand_in_at is not None
    return msgspec.structs.replace(
        row,
        status=news.status,
        status_reason=copy.reason if moved else row.status_reason,
        quality=copy.quality,
        provider_category=copy.category,
        provider_id=copy.provider_id,
        sender=sender,
        problem=row.problem if waits or _stands(row, moved=moved) else news.problem,
    )


def _stands(row: TemplateRow, *, moved: bool) -> bool:
    """A refusal at hand-in is no news of the provider's list, and does not end by it."""
    return not moved and (row.problem or "").startswith(NOT_HANDED_IN)


async def heed_notices(
    connection: Connection, project_id: UUID, told: Sequence[tuple[str, TemplateNotice]], now: datetime
) -> None:
    """(sender, what its provider told): what cannot be sent any more is not sent, from now on."""
    sent = {row.name for row in await templates_of(connection, project_id) if row.status == Status.APPROVED}
    bad = [(sender, notice) for sender, notice in told if notice.state in CANNOT_LEAVE and notice.name in sent]
    if bad:
        await lock_project(connection, project_id)
    for sender, notice in bad:
        row = await lock_template(connection, project_id, notice.name)
        if row is not None and row.status == Status.APPROVED and row.sender in (None, sender):
            after = msgspec.structs.replace(row, status=notice.state, status_reason=notice.reason)
            await change(connection, project_id, row, after, Said(Origin.PROVIDER, sender, notice.reason), now)
    for sender in sorted({sender for sender, _ in told}):
        await look_soon(connection, project_id, sender, now)

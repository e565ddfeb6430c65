"""What a person decides about a template: where it stands, where nobody else can say so; and that it may be sent."""

from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.services.registry import Origin, Said, change, template_row
from parley.store.database import Database
from parley.store.definitions import lock_project
from parley.templates import Status
from parley.templates.life import NOT_HANDED_IN
from parley.templates.template import LONGEST_REASON

BY_HAND = tuple(status for status in Status if status not in NOT_HANDED_IN)
"""What a person may say. The others follow from the file."""


async def set_status(
    database: Database, project_id: UUID, name: str, status: Status, said: Said, now: datetime
) -> None:
    """Raises UnknownTemplateError, or InvalidInputError where the provider's own word is known."""
    _check_reason(said)
    if status not in BY_HAND:
        raise InvalidInputError([Problem("status", f"must be one of {', '.join(BY_HAND)}.")])
    async with database.transaction() as connection:
        await lock_project(connection, project_id)
        row = await template_row(connection, project_id, name)
        if row.provider_id is not None:
            sentence = (
                f"is told by the provider for {name} (by {row.sender}), and follows it. To stop sending it, pause the "
                "campaign, or switch the scenario off."
            )
            raise InvalidInputError([Problem("status", sentence)])
        after = msgspec.structs.replace(row, status=status, status_reason=said.reason, hand_in_at=None, problem=None)
        await change(connection, project_id, row, after, said, now)


async def override_template(database: Database, project_id: UUID, name: str, said: Said, now: datetime) -> None:
    """It may be sent whatever the promotional check says, until its text changes. Raises UnknownTemplateError."""
    _check_reason(said)
    await _set_override(database, project_id, name, said, said.reason, now)


async def end_override(database: Database, project_id: UUID, name: str, said: Said, now: datetime) -> None:
    """The check counts again. Raises UnknownTemplateError."""
    await _set_override(database, project_id, name, said, None, now)


async def _set_override(
    database: Database, project_id: UUID, name: str, said: Said, reason: str | None, now: datetime
) -> None:
    async with database.transaction() as connection:
        await lock_project(connection, project_id)
        row = await template_row(connection, project_id, name)
        by = (said.by or Origin.PERSON) if reason else None
        after = msgspec.structs.replace(row, override_reason=reason, override_by=by)
        await change(connection, project_id, row, after, said, now)


def _check_reason(said: Said) -> None:
    """Kept for whoever asks later."""
    reason = said.reason or ""
    if not reason.strip() or len(reason) > LONGEST_REASON or "\0" in reason:
        raise InvalidInputError([Problem("reason", f"must be a sentence of at most {LONGEST_REASON} characters.")])

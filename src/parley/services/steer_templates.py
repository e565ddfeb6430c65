"""What a person decides about a template: where it stands, where nobody else can say so; and that it may be sent."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.providers.sinch_provisioning.components import without_place
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.provisioning import provisioning_url
from parley.services.registry import Origin, Said, change, note, template_row
from parley.services.text_facts import judgement_of
from parley.store.database import Database
from parley.store.definitions import lock_project
from parley.store.templates import NewEntry
from parley.templates import RuleSet, Status
from parley.templates.judgement import barring
from parley.templates.life import text_of
from parley.templates.template import LONGEST_REASON

ByHand = Literal[Status.SUBMITTED, Status.APPROVED, Status.REJECTED, Status.PAUSED, Status.DISABLED]
"""What a person may say. The others follow from the file."""
BY_HAND: tuple[Status, ...] = get_args(ByHand)


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


async def order_hand_in(
    database: Database, project_id: UUID, name: str, sender: str | None, said: Said, now: datetime
) -> str:
    """A worker hands it in by that integration, whose name is given back; None: the only one that can.

    Raises UnknownTemplateError, or InvalidInputError for a template that WhatsApp would refuse or has already.
    """
    async with database.transaction() as connection:
        await lock_project(connection, project_id)
        row = await template_row(connection, project_id, name)
        project = await project_definitions(connection, project_id)
        by = who_hands_in(project, sender or row.sender)
        template = {".".join(key): one for key, one in project.templates.items()}[name]
        judgement = judgement_of(row, text_of(template), RuleSet(project.settings.rules))
        problems = [
            Problem(found.field, f"{found.sentence} {found.remedy} ({found.rule})")
            for found in barring(judgement, overridden=row.override_reason is not None)
        ]
        problems += without_place(template)
        if row.status in WITH_WHATSAPP:
            problems.append(Problem("status", f"is {row.status}: this text is with WhatsApp already."))
        if problems:
            raise InvalidInputError(problems)
        after = msgspec.structs.replace(row, hand_in_at=now, hand_in_by=by, hand_in_failures=0, problem=None)
        order = NewEntry("ordered", said.origin, after=by, said_by=said.by, reason=said.reason)
        await note(connection, project_id, name, order, now)
        await change(connection, project_id, row, after, said, now)
    return by


WITH_WHATSAPP = frozenset({Status.SUBMITTED, Status.APPROVED, Status.PAUSED})


def who_hands_in(project: ProjectDefinitions, sender: str | None) -> str:
    """The integration that was named, or the only one that has a Provisioning API."""
    able = [name for name, one in project.integrations.items() if provisioning_url(one) is not None]
    if sender in able or (sender is None and len(able) == 1):
        return sender or able[0]
    known = ", ".join(sorted(able)) or "none"
    sentence = f"must be an integration of the Conversation API with a Provisioning API; there is {known}."
    if not able:
        sentence += (
            " Without one your Customer Success Manager hands templates in, and you say by hand what became of them:"
            " parley template status."
        )
    raise InvalidInputError([Problem("sender", sentence)])


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

"""Tells the provider who agreed and who does not, where it has not been told: opt-outs first, by the consent preset.

Each number is a message of its own, so what became of it is kept; the preset puts up to 20 of them into one call.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.message import Kind
from parley.domain.project import Project
from parley.integrations import Integration
from parley.policy.upload_holds import OPT_IN, OPT_OUT
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.hold_customers import hold_customers
from parley.services.people import Person, people
from parley.services.plan_messages import Ask, Wanted, plan_messages_to
from parley.store.customers import ids_of_project
from parley.store.database import Connection, Database
from parley.store.uploads import Upload, page_of_uploads, uploads_of

AT_ONCE = 500
"""Customers in one transaction."""
OLD_API_PRESET = "sinch-whatsapp-consent"
_EVER = timedelta(days=36_500)
_FIRST = UUID(int=0)


class Uploaded(msgspec.Struct, frozen=True):
    """How many numbers will be told as what."""

    opt_outs: int
    opt_ins: int


class Uploads(msgspec.Struct, frozen=True):
    """A page of what was told."""

    uploads: list[Upload]
    next: UUID | None


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By which account, and by which preset; None: the project's only one, and the preset of its API."""

    sender: str | None = None
    preset: str | None = None
    again: bool = False
    """Also what the provider has been told already."""


async def upload_consents(database: Database, project: Project, wish: Wish, now: datetime) -> Uploaded:
    """Workers send them. Raises InvalidInputError when there is no such account, or nothing to upload to."""
    async with database.connection() as connection:
        defined = await project_definitions(connection, project.id)
    asks = _asks(defined, wish)
    counts = {OPT_OUT: 0, OPT_IN: 0}
    for action in (OPT_OUT, OPT_IN):  # whoever is out is out before anybody else is in
        after: UUID | None = _FIRST
        while after is not None:
            async with database.transaction() as connection:
                after, planned = await _page(connection, project.id, asks[action], wish, (after, now))
            counts[action] += planned
    return Uploaded(counts[OPT_OUT], counts[OPT_IN])


async def list_uploads(
    database: Database, project: Project, before: UUID | None, size: int, *, only_failed: bool
) -> Uploads:
    """Number by number, with what became of it."""
    async with database.connection() as connection:
        found = await page_of_uploads(connection, project.id, before, size + 1, only_failed=only_failed)
    return Uploads(found[:size], found[size - 1].message_id if len(found) > size else None)


def _asks(project: ProjectDefinitions, wish: Wish) -> dict[str, Ask]:
    integration = project.sender(wish.sender)
    if integration is None:
        known = ", ".join(sorted(project.integrations)) or "none"
        raise InvalidInputError([Problem("sender", f"Name one of the project's integrations: {known}.")])
    preset = wish.preset or _preset_of(integration)
    found = project.presets.get(preset)
    if found is None or found.purpose is not Kind.CONSENT:
        raise InvalidInputError([Problem("preset", f"{preset} is no preset of the project with the purpose consent.")])
    return {action: _ask(preset, integration.name, action) for action in (OPT_IN, OPT_OUT)}


def _preset_of(integration: Integration) -> str:
    if integration.api == "sinch_legacy":
        return OLD_API_PRESET
    sentence = (
        "Today's Conversation API needs no upload: it keeps lists of who opted out, and Parley refuses by its own "
        "ledger. For an app as until 2021 name the preset sinch-conversation-consent."
    )
    raise InvalidInputError([Problem("preset", sentence)])


def _ask(preset: str, sender: str, action: str) -> Ask:
    origin: dict[str, Any] = {"upload": action}
    return Ask(preset=preset, parameters={"action": action}, variables={}, origin=origin, sender=sender)


async def _page(
    connection: Connection, project_id: UUID, ask: Ask, wish: Wish, at: tuple[UUID, datetime]
) -> tuple[UUID | None, int]:
    """Where the next page begins, and how many were planned."""
    after, now = at
    listed = await ids_of_project(connection, project_id, after, AT_ONCE)
    held = await hold_customers(connection, listed)
    known = await people(connection, set(held.values()))
    told = {} if wish.again else _last(await uploads_of(connection, known, now - _EVER), ask.sender)
    action = ask.parameters["action"]
    wanted = [Wanted(ident, ask) for ident, one in known.items() if _wants(one, action, told.get(ident), now)]
    if wanted:
        await plan_messages_to(connection, project_id, known, wanted, now)
    return (listed[-1] if len(listed) == AT_ONCE else None), len(wanted)


def _last(uploads: Collection[Upload], sender: str | None) -> Mapping[UUID, str | None]:
    """By customer what the provider was told last."""
    stands = [one for one in uploads if one.stands and one.sender == sender]
    return {one.customer_id: one.action for one in reversed(stands)}


def _wants(person: Person, action: str, told: str | None, now: datetime) -> bool:
    """Who never said anything, or has yet to confirm it, is told of neither; an opt-out only where the provider may
    think otherwise.
    """
    consented = person.consented(now)
    if person.recipient is None or not consented:
        return False
    agreed = any(consented.values())
    return told != action and action == (OPT_IN if agreed else OPT_OUT)

"""What a preset would send to one customer, to the byte, with the secrets masked; nothing leaves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.customer import Address, AddressKind
from parley.domain.errors import InvalidInputError, ParleyError, Problem
from parley.presets import Context, Preset, Preview, Renderer, preview
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.facts import IN_A_CONVERSATION
from parley.services.people import people
from parley.services.personalise import account_values, form_of_preset
from parley.store.customers import owners
from parley.store.database import Database


class UnknownCustomerError(ParleyError):
    """No customer of the project has this id. Write one that was tracked, as registered=jana@example.org."""


class Asked(msgspec.Struct, frozen=True):
    """What to preview."""

    preset: str
    customer: tuple[str, str]
    """An external id: ("registered", "jana@example.org")."""
    parameters: Mapping[str, Any]
    sender: str | None = None
    """The integration that fills the account's fields; None for the project's only one."""


async def preview_preset(database: Database, project_id: UUID, asked: Asked, now: datetime) -> Preview:
    """Raises UnknownCustomerError, or InvalidInputError as rendering does."""
    async with database.connection() as connection:
        project = await project_definitions(connection, project_id)
        preset = _preset(project, asked.preset)
        addresses = [Address(AddressKind(kind), *asked.customer) for kind in ("hard", "soft")]
        found = await owners(connection, project_id, addresses)
        known_people = await people(connection, set(found.values()))
    if not known_people:
        raise UnknownCustomerError
    person = next(iter(known_people.values()))
    integration = project.sender(asked.sender)
    account = account_values(form_of_preset(preset), integration.account if integration else {}, asked.parameters)
    shown = {name: _shown(value) for name, value in account.items()}
    window = person.window(integration.account_name) if integration else None
    answers = window.address.removeprefix("+") if window and preset.purpose in IN_A_CONVERSATION else None
    context = Context(
        customer=person.customer.properties,
        customer_ids=person.ids,
        consents=person.consented(now),
        project=project.about,
        recipient=answers or person.recipient or "",
        message_id="00000000-0000-0000-0000-000000000000",
        time=now.timestamp(),
    )
    return preview(Renderer(), preset, {**asked.parameters, **shown}, context)


def _preset(project: ProjectDefinitions, name: str) -> Preset:
    preset = project.presets.get(name)
    if preset is None:
        known = ", ".join(sorted(project.presets))
        raise InvalidInputError([Problem("preset", f"there is no preset {name}; there are {known}.")])
    return preset


def _shown(value: Any) -> Any:
    """A preview never opens a secret; the mask that stands for it must look as if it were one."""
    return "secret" if isinstance(value, dict) else value

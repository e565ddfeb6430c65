"""What a preset would send to one customer, to the byte, with the secrets masked; nothing leaves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from parley.domain.customer import Address, AddressKind
from parley.domain.errors import InvalidInputError, ParleyError, Problem
from parley.presets import Context, Preview, Renderer, parameters_of, preview
from parley.services.definitions import project_definitions
from parley.services.people import people
from parley.store.customers import owners
from parley.store.database import Database


class UnknownCustomerError(ParleyError):
    """No customer of the project has this id."""


async def preview_preset(
    database: Database,
    project_id: UUID,
    name: str,
    customer: tuple[str, str],
    given: Mapping[str, Any],
    now: datetime,
) -> Preview:
    """`customer` is an external id: ("registered", "jana@example.org"). The project's only account fills its fields.

    Raises UnknownCustomerError, or InvalidInputError as rendering does.
    """
    async with database.connection() as connection:
        project = await project_definitions(connection, project_id)
        preset = project.presets.get(name)
        if preset is None:
            known = ", ".join(sorted(project.presets))
            raise InvalidInputError([Problem("preset", f"there is no preset {name}; there are {known}.")])
        found = await owners(
            connection, project_id, [Address(AddressKind(kind), *customer) for kind in ("hard", "soft")]
        )
        known_people = await people(connection, set(found.values()))
    if not known_people:
        raise UnknownCustomerError
    person = next(iter(known_people.values()))
    integration = project.sender(None)
    asked_for = {parameter.name for parameter in parameters_of(preset)}
    account = integration.account if integration else {}
    form = {field: _shown(value) for field, value in account.items() if field in asked_for}
    context = Context(
        customer=person.customer.properties,
        customer_ids=person.ids,
        recipient=person.recipient or "",
        message_id="00000000-0000-0000-0000-000000000000",
        time=now.timestamp(),
    )
    return preview(Renderer(), preset, {**form, **given}, context)


def _shown(value: Any) -> Any:
    """A preview never opens a secret; the mask that stands for it must look as if it were one."""
    return "secret" if isinstance(value, dict) else value

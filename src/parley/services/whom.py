"""Whom an operator means: `registered=jana`, `phone=+421901000001` or the bare number, `id=0193…` or the bare id.

Nobody is made by asking.
"""

from uuid import UUID

from parley.domain.customer import Address, AddressKind
from parley.domain.errors import InvalidInputError, ParleyError, Problem
from parley.domain.phone import UnusablePhone, read_phone
from parley.domain.project import Project
from parley.services.set_properties import phone_address
from parley.store.customers import all_owners, customers_by_id
from parley.store.database import Connection

_FORM = (
    "must be NAME=VALUE, as in registered=jana, phone=+421901000001 or id=UUID; a number and a UUID may stand alone."
)


class NobodyError(ParleyError):
    """The project has no such customer."""


def check_form(said: str) -> None:
    """Raises InvalidInputError for what names nobody in any project."""
    name, value = _parts(said)
    if not name or not value or (name == "id" and _uuid(value) is None):
        raise InvalidInputError([Problem("customer", _FORM)])


async def whom(connection: Connection, project: Project, said: str) -> list[UUID]:
    """All customers with that number; one for anything else. Raises InvalidInputError, NobodyError."""
    check_form(said)
    found = await _found(connection, project, *_parts(said))
    if found is None:
        raise InvalidInputError([Problem("customer", _FORM)])
    if not found:
        raise NobodyError(f"The project has no customer {said}. Track the customer first, or correct the id.")
    return found


def _parts(said: str) -> tuple[str, str]:
    """White space may be an id's own, and tracking takes it so. Around a name, or what stands alone, it is not."""
    name, _, value = (said if "=" in said else _named(said.strip())).partition("=")
    return name.strip(), value


def _named(said: str) -> str:
    """What can be nothing but a number or an id of ours needs no name before it."""
    if _uuid(said) is not None:
        return f"id={said}"
    return f"phone={said}" if said.lstrip("+")[:1].isdecimal() else said


async def _found(connection: Connection, project: Project, name: str, value: str) -> list[UUID] | None:
    at = sought(project, name, value)
    if at is None:
        return None
    if isinstance(at, Address):
        return await all_owners(connection, project.id, at)
    found = await customers_by_id(connection, [at])
    return [one.id for one in found.values() if one.project_id == project.id]


def sought(project: Project, name: str, value: str) -> Address | UUID | None:
    """Where to look for the customer whose id `name` is `value`. None: none is so. Raises InvalidInputError."""
    if "\0" in value:
        raise InvalidInputError([Problem("customer", "holds the character NUL, which no database keeps: remove it.")])
    if name == "id":
        return _uuid(value)
    if name == "phone":
        return _phone(project, value)
    if name in project.settings.hard_ids:
        return Address(AddressKind.HARD, name, value)
    if name in project.settings.soft_ids:
        return Address(AddressKind.SOFT, name, value)
    known = ", ".join((*project.settings.hard_ids, *project.settings.soft_ids, "phone", "id"))
    raise InvalidInputError([Problem("customer", f"The project knows customers by {known}; {name} is none of them.")])


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value.strip())
    except ValueError:
        return None


def _phone(project: Project, value: str) -> Address:
    read = read_phone(value, project.settings.default_region)
    if isinstance(read, UnusablePhone):
        raise InvalidInputError([Problem("customer", read.reason)])
    return phone_address(read.match_key)

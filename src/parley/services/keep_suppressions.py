"""The suppression list, as a person keeps it. A STOP is lifted by an agreement, and not by taking it off the list."""

from datetime import datetime, timedelta

import msgspec

from parley.domain.errors import InvalidInputError, ParleyError, Problem
from parley.domain.phone import WHATSAPP_USER_ID, UnusablePhone, read_phone
from parley.domain.project import Project
from parley.domain.suppression import Reason, Scope, Suppression
from parley.store.database import Database
from parley.store.suppressions import ListedSuppression, NewSuppression, lift, list_suppressions, suppress

LONGEST_NOTE = 1_000
MOST_ON_A_PAGE = 1_000
_ANY_TIME = timedelta(days=36_500)
"""A line that a wrong clock dated ahead can be taken off, too."""


class StoppedByPersonError(ParleyError):
    """The person wrote STOP: only the person's own agreement lifts that. Write it down with `parley consent grant`."""


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person puts on the list."""

    address: str
    """A number in any form, or a WhatsApp user id."""
    scope: Scope = Scope.ALL
    note: str | None = None


class Listed(msgspec.Struct, frozen=True):
    """A page of the list."""

    suppressions: list[ListedSuppression]
    next: str | None


async def add_suppression(database: Database, project: Project, line: Line, by: str, now: datetime) -> str:
    """Nothing leaves for that address from now on. Returns how it is written. Raises InvalidInputError."""
    if line.note is not None and (len(line.note) > LONGEST_NOTE or not line.note.isprintable()):
        raise InvalidInputError([Problem("note", f"must be at most {LONGEST_NOTE} printable characters.")])
    plain = _plain(project, line.address)
    new = NewSuppression(plain, Suppression(Reason.OPERATOR, line.scope, now), by, line.note)
    async with database.transaction() as connection:
        await suppress(connection, project.id, [new])
    return plain


async def remove_suppression(database: Database, project: Project, address: str, now: datetime) -> int:
    """How many lines went: the operator's and the provider's. Raises InvalidInputError, StoppedByPersonError."""
    plain = _plain(project, address)
    async with database.transaction() as connection:
        gone = await lift(connection, project.id, plain, [Reason.OPERATOR, Reason.PROVIDER], now + _ANY_TIME)
        left = await list_suppressions(connection, project.id, plain, None, 1)
    if left and not gone:
        raise StoppedByPersonError
    return gone


async def read_suppressions(
    database: Database, project: Project, address: str | None, after: str | None, size: int
) -> Listed:
    """A page, or what is said of one address. Raises InvalidInputError."""
    if not 1 <= size <= MOST_ON_A_PAGE:
        raise InvalidInputError([Problem("size", f"must be from 1 to {MOST_ON_A_PAGE}.")])
    plain = None if address is None else _plain(project, address)
    if after is not None and not _is_hash(after):
        raise InvalidInputError([Problem("after", "must be what `next` named on the page before.")])
    async with database.connection() as connection:
        found = await list_suppressions(connection, project.id, plain, after, size)
    return Listed(found, found[-1].hash if len(found) >= size and plain is None else None)


def _is_hash(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) > 0
    except ValueError:
        return False


def _plain(project: Project, address: str) -> str:
    """A number in any form, as the list shows it too, or a WhatsApp user id."""
    text = address.strip()
    if WHATSAPP_USER_ID.fullmatch(text):
        return text
    read = read_phone(text, project.settings.default_region)
    as_listed = read_phone(f"+{text}") if isinstance(read, UnusablePhone) and text.isdecimal() else read
    if isinstance(as_listed, UnusablePhone):
        raise InvalidInputError([Problem("address", as_listed.reason)])
    return as_listed.digits

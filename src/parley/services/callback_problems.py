"""Lists the callbacks that were not understood: each with what was wrong and the beginning of what came."""

from datetime import UTC, datetime

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.project import Project
from parley.store.callbacks import NotUnderstood, Place, callbacks_not_understood, received_at
from parley.store.database import Connection, Database

MOST_ON_A_PAGE = 1_000
LONGEST_BEGINNING = 1_000
"""Characters of a body."""
_BYTES_OF_A_CHARACTER = 4
"""At most, in UTF-8."""
_KEY_BYTES = 32
_NEWEST: Place = (datetime(9999, 12, 31, tzinfo=UTC), "", b"")


class CallbackProblem(msgspec.Struct, frozen=True):
    """A callback of which not all could be used."""

    id: str
    received_at: datetime
    """For the first time."""
    integration: str
    times_seen: int
    items: int
    """That were not understood; 1 when the whole callback was not."""
    problem: str | None
    body: str
    """Its beginning; bytes that are no UTF-8 as `\\x80`."""
    body_bytes: int
    """Of the whole body."""


class CallbackProblems(msgspec.Struct, frozen=True):
    """A page of the list."""

    callbacks: list[CallbackProblem]
    next: str | None
    """Ask for what is before this id; None on the last page."""


async def list_callback_problems(
    database: Database, project: Project, size: int, before: str | None
) -> CallbackProblems:
    """Those that are still kept, the newest first. Raises InvalidInputError."""
    if not 1 <= size <= MOST_ON_A_PAGE:
        raise InvalidInputError([Problem("size", f"must be from 1 to {MOST_ON_A_PAGE}.")])
    async with database.connection() as connection:
        rows = await callbacks_not_understood(
            connection,
            project.id,
            await _place(connection, project, before),
            size + 1,  # so that one sees whether anything follows
            LONGEST_BEGINNING * _BYTES_OF_A_CHARACTER,
        )
    listed = [_told(row) for row in rows[:size]]
    return CallbackProblems(listed, listed[-1].id if len(rows) > size else None)


def read_id(said: str) -> tuple[str, bytes]:
    """The integration, and the key of the body. Raises InvalidInputError."""
    integration, _, key = said.rpartition("/")
    try:
        read = bytes.fromhex(key)
    except ValueError as error:
        raise _not_an_id() from error
    if len(read) != _KEY_BYTES or not integration.isprintable():
        raise _not_an_id()
    return integration, read


async def _place(connection: Connection, project: Project, before: str | None) -> Place:
    if before is None:
        return _NEWEST
    integration, key = read_id(before)
    at = await received_at(connection, project.id, integration, key)
    if at is None:
        raise _not_an_id()
    return at, integration, key


def _not_an_id() -> InvalidInputError:
    return InvalidInputError([Problem("before", "must be the id that `next` named on the page before.")])


def _told(row: NotUnderstood) -> CallbackProblem:
    return CallbackProblem(
        id=f"{row.integration}/{row.key.hex()}",
        received_at=row.received_at,
        integration=row.integration,
        times_seen=row.times_seen,
        items=row.unknown,
        problem=row.problem,
        body=row.beginning.decode("utf-8", "backslashreplace")[:LONGEST_BEGINNING],
        body_bytes=row.size,
    )

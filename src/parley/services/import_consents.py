"""A file of consents goes into the ledger: all of it, or nothing.

One transaction for the whole file, read and written by chunks: what breaks half-way leaves nothing. A dry run does the
same and takes it back.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Literal, TypeVar
from uuid import UUID

import msgspec

from parley.domain.customer import Address
from parley.domain.double_opt_in import DoubleOptIn
from parley.domain.errors import Problem
from parley.domain.project import Project
from parley.services.ask_to_confirm import ask_to_confirm
from parley.services.consent_lines import Line, LineReader, read_heading
from parley.services.create_customers import create_customers
from parley.services.definitions import project_definitions
from parley.services.hold_customers import hold_customers
from parley.services.record_events import record_held_events
from parley.store.consents import NewConsent, append_once
from parley.store.customers import customers_by_id, owners_of
from parley.store.database import Connection, Database

LINES_AT_ONCE = 2_000
T = TypeVar("T")


class Refused(msgspec.Struct, frozen=True):
    """What is wrong with one line of the file."""

    line: int
    column: str
    value: str
    problem: str


class Imported(msgspec.Struct, frozen=True):
    """What became of the file."""

    lines: int
    refused: int
    """Lines that cannot be imported."""
    added: int
    """Entries: several for a phone that several customers share."""
    known: int
    """Entries that an earlier import had brought."""
    written: bool
    """False: a dry run, or some line was refused; the ledger is as it was."""
    asked: int = 0
    """Of the added ones those that the customer must confirm (double opt-in)."""
    created: int = 0
    """Customers."""


class Table(msgspec.Struct, frozen=True):
    """The file."""

    heading: Sequence[str]
    rows: Iterable[tuple[int, Mapping[str, str]]]
    """The number of each line and its cells by column, without spaces around them."""


class Wishes(msgspec.Struct, frozen=True):
    """How to import."""

    by: str
    dry_run: bool = False
    skip_refused: bool = False
    """Import the lines that are right even if others are refused."""
    unknown: Literal["refuse", "create"] = "refuse"
    """What becomes of a line whose customer the project does not have."""


class Listeners(msgspec.Struct, frozen=True):
    """Who is told meanwhile."""

    refused: Callable[[Refused], None]
    progress: Callable[[int], None]
    """With the number of lines read so far."""


class _TakenBackError(Exception):
    """Ends the transaction without writing."""


async def import_consents(
    database: Database, project: Project, table: Table, wishes: Wishes, tell: Listeners, now: datetime
) -> Imported:
    """Raises InvalidInputError for the heading."""
    columns = read_heading(table.heading, project)
    work = _Import(project, wishes, tell, now)
    try:
        async with database.transaction() as connection:
            defined = await project_definitions(connection, project.id)
            work.rule = defined.settings.double_opt_in
            reader = LineReader(project, columns, defined.consent_categories, wishes.by, now)
            for chunk in _chunks(table.rows):
                await work.take(connection, reader, chunk)
            work.end()
    except _TakenBackError:
        return work.outcome(written=False)
    return work.outcome(written=True)


class _Import:
    """Counts while it goes through the file."""

    def __init__(self, project: Project, wishes: Wishes, tell: Listeners, now: datetime) -> None:
        self.refused = 0
        self.rule = DoubleOptIn()
        self._project = project
        self._wishes = wishes
        self._tell = tell
        self._now = now
        self._lines = self._added = self._entries = self._asked = self._created = 0

    def end(self) -> None:
        """Raises _TakenBackError when nothing is to be written."""
        if self._wishes.dry_run or (self.refused and not self._wishes.skip_refused):
            raise _TakenBackError

    def outcome(self, *, written: bool) -> Imported:
        known = self._entries - self._added
        return Imported(
            self._lines, self.refused, self._added, known, written, asked=self._asked, created=self._created
        )

    async def take(
        self, connection: Connection, reader: LineReader, chunk: Sequence[tuple[int, Mapping[str, str]]]
    ) -> None:
        lines: list[Line] = []
        wrong: dict[int, list[Problem]] = {}
        for number, cells in chunk:
            read = reader.read(number, cells)
            if isinstance(read, Line):
                lines.append(read)
            else:
                wrong[number] = read
        whose = await _customers(connection, self._project.id, [one.whom for one in lines])
        if self._wishes.unknown == "create":
            made = await create_customers(connection, self._project, _unknown(lines, whose), self._now)
            whose |= {at: [ident] for at, ident in made.items()}
            self._created += len(made)
        said: list[tuple[NewConsent, str]] = []
        for line in lines:
            found = whose.get(line.whom, [])
            if not found:
                wrong[line.number] = [line.whom_said]
            said += [(NewConsent(one, line.entry, line.evidence), line.sameness) for one in found]
        self._refuse([(number, cells, wrong[number]) for number, cells in chunk if number in wrong])
        self._lines += len(chunk)
        self._entries += len(said)
        self._added += await self._append(connection, said)
        self._tell.progress(self._lines)

    async def _append(self, connection: Connection, said: Sequence[tuple[NewConsent, str]]) -> int:
        """How many were new. Questions among them want to be asked."""
        asked = await ask_to_confirm(connection, self.rule, [one for one, _ in said], self._now)
        samenesses = [sameness for _, sameness in said]
        new = await append_once(connection, self._project.id, list(zip(asked.said, samenesses, strict=True)), self._now)
        questions = [event for ident, event in asked.events.items() if ident in new]
        self._asked += len(questions)
        await record_held_events(connection, self._project.id, questions, self._now)
        return len(new)

    def _refuse(self, lines: Sequence[tuple[int, Mapping[str, str], Sequence[Problem]]]) -> None:
        """In the order of the file."""
        self.refused += len(lines)
        for number, cells, problems in lines:
            for one in problems:
                self._tell.refused(Refused(number, one.field, cells.get(one.field, ""), one.sentence))


def _unknown(lines: Sequence[Line], whose: Mapping[Address | UUID, list[UUID]]) -> dict[Address, str | None]:
    """Each once, with the phone of its first line."""
    found: dict[Address, str | None] = {}
    for line in lines:
        if isinstance(line.whom, Address) and not whose.get(line.whom):
            found.setdefault(line.whom, line.phone)
    return found


async def _customers(
    connection: Connection, project_id: UUID, sought: Sequence[Address | UUID]
) -> dict[Address | UUID, list[UUID]]:
    """Who they are now; nobody merges them away before the file is in."""
    by_id = await customers_by_id(connection, {one for one in sought if isinstance(one, UUID)})
    found: dict[Address | UUID, list[UUID]] = defaultdict(list)
    for ident, customer in by_id.items():
        if customer.project_id == project_id:
            found[ident].append(ident)
    addresses = {one for one in sought if isinstance(one, Address)}
    for address, ident in await owners_of(connection, project_id, addresses):
        found[address].append(ident)
    now_at = await hold_customers(connection, {ident for idents in found.values() for ident in idents})
    return {at: sorted({now_at[one] for one in idents if one in now_at}) for at, idents in found.items()}


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    going = iter(rows)
    while chunk := list(islice(going, LINES_AT_ONCE)):
        yield chunk

"""What messages really did cost, by hand or by an invoice: the difference is appended to the ledger, all or nothing."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import islice
from uuid import UUID

import msgspec

from parley.costs import Quote, correct, standing
from parley.domain.errors import InvalidInputError, Problem
from parley.domain.message import State
from parley.domain.money import Money
from parley.services.price_messages import booking, entry_of, quote_of
from parley.store.database import Connection, Database
from parley.store.ledger import LedgerRow, book, entries_of_many, mark_settled
from parley.store.messages import MessageRow, ids_at_provider, lock_messages

COLUMNS = ("message_id", "cost", "currency")
AT_ONCE = 1_000
MOST_LINES = 500_000
MOST_TOLD = 1_000
"""Problems that are told one by one."""
LARGEST_COST = Decimal(100_000)
_NOT_LEFT = frozenset({State.PLANNED, State.QUEUED, State.REFUSED, State.EXPIRED, State.CANCELLED})


class Correction(msgspec.Struct, frozen=True):
    """One line of an invoice, or what a person says."""

    place: str
    """For a problem: `line 7`."""
    message_id: str
    """Ours, or the provider's."""
    cost: Decimal
    currency: str | None
    """None: the one that the message was priced in."""


class Corrected(msgspec.Struct, frozen=True):
    """What it came to; with `check` what it would come to."""

    lines: int
    corrected: int
    """The others cost what was booked."""
    differences: dict[str, Decimal]
    """In all, by currency."""


class _Undone(Exception):  # noqa: N818  no error: the dry run is over
    """Takes back what the dry run wrote."""


async def correct_costs(
    database: Database,
    project_id: UUID,
    corrections: Iterable[Correction | Problem],
    why: str,
    now: datetime,
    *,
    check: bool = False,
) -> Corrected:
    """Raises InvalidInputError with every problem; nothing is booked then."""
    work = _Work(project_id, why, now)
    try:
        async with database.transaction() as connection:
            left = iter(corrections)
            while chunk := list(islice(left, AT_ONCE)):
                await work.take(connection, chunk)
            work.end(check=check)
    except _Undone:
        pass
    return Corrected(work.lines, work.corrected, work.differences)


class _Work:
    """Through one file."""

    def __init__(self, project_id: UUID, why: str, now: datetime) -> None:
        self.lines = 0
        self.corrected = 0
        self.differences: dict[str, Decimal] = {}
        self.problems: list[Problem] = []
        self._project_id = project_id
        self._why = why
        self._now = now
        self._places: dict[UUID, str] = {}

    async def take(self, connection: Connection, chunk: Sequence[Correction | Problem]) -> None:
        self.lines += len(chunk)
        if self.lines > MOST_LINES:
            raise InvalidInputError([Problem("file", f"has more than {MOST_LINES:,} lines; import it in parts.")])
        self.problems += [one for one in chunk if isinstance(one, Problem)]
        said = [one for one in chunk if isinstance(one, Correction)]
        meant = await self._meant(connection, said)
        rows = await lock_messages(connection, sorted(set(meant.values())))
        known = {row.id: row for row in rows if row.project_id == self._project_id}
        entries = await entries_of_many(connection, list(known))
        pairs = [(one, known.get(meant[one.message_id])) for one in said if one.message_id in meant]
        pairs += [(one, None) for one in said if one.message_id not in meant]
        good = [(one, row) for one, row in pairs if row is not None and self._is_good(one, row)]
        self.problems += [Problem(one.place, "There is no message of that id.") for one, row in pairs if row is None]
        await self._book(connection, good, entries)

    def end(self, *, check: bool) -> None:
        """Raises what keeps the transaction from being committed."""
        if self.problems:
            raise InvalidInputError(self.problems[:MOST_TOLD])
        if check:
            raise _Undone

    async def _meant(self, connection: Connection, said: Sequence[Correction]) -> dict[str, UUID]:
        ours = {one.message_id: ident for one in said if (ident := _uuid(one.message_id)) is not None}
        others = [one.message_id for one in said if one.message_id not in ours]
        return ours | (await ids_at_provider(connection, self._project_id, others) if others else {})

    def _is_good(self, one: Correction, row: MessageRow) -> bool:
        quote = quote_of(row)
        before = self._places.setdefault(row.id, one.place)
        if before != one.place:
            sentence = f"The message is in {before}, too."
        elif quote is None:
            sentence = f"A message of the kind {row.kind} costs nothing at WhatsApp."
        elif row.state in _NOT_LEFT:
            sentence = f"The message is {row.state}: it never left, or has not left yet."
        elif one.currency not in (None, quote.currency):
            sentence = f"It was priced in {quote.currency}, and nothing is converted from {one.currency}."
        else:
            return True
        self.problems.append(Problem(one.place, sentence))
        return False

    async def _book(
        self,
        connection: Connection,
        good: Sequence[tuple[Correction, MessageRow]],
        entries: dict[UUID, list[LedgerRow]],
    ) -> None:
        bookings = []
        for one, row in good:
            quote = _as_settled(quote_of(row), entries[row.id])
            of_currency = [entry_of(entry) for entry in entries[row.id] if entry.currency == quote.currency]
            stands = standing(of_currency, quote.currency)
            at = max([self._now, *(entry.at + timedelta(microseconds=1) for entry in entries[row.id][-1:])])
            new = correct(stands, Money(one.cost, quote.currency), at, self._why)
            bookings += [booking(row, quote, entry) for entry in new]
            self.corrected += bool(new)
            total = self.differences.get(quote.currency, Decimal(0))
            self.differences[quote.currency] = total + sum((entry.spent.amount for entry in new), Decimal(0))
        if bookings:
            await book(connection, self._project_id, bookings)
            await mark_settled(connection, [(row.bucket, row.id) for _, row in good])


def _as_settled(quote: Quote | None, entries: Sequence[LedgerRow]) -> Quote:
    """What was said last of market and category: the correction belongs to the same."""
    if quote is None:
        raise TypeError("a message without a quote is no good line")
    if not entries:
        return quote
    last = entries[-1]
    return msgspec.convert({**msgspec.to_builtins(quote), "market": last.market, "category": last.category}, Quote)


def read_invoice(lines: Iterable[str]) -> Iterator[Correction | Problem]:
    """CSV with a heading: `message_id`, `cost`, and `currency` if it is not the project's own.

    Raises InvalidInputError for a heading that cannot be read.
    """
    rows = csv.DictReader(lines)
    heading = tuple(name.strip().lower() for name in rows.fieldnames or ())
    missing = [name for name in COLUMNS[:2] if name not in heading]
    if missing:
        sentence = f"has no column {', '.join(missing)}. The first line must name them: {', '.join(COLUMNS)}."
        raise InvalidInputError([Problem("file", sentence)])
    rows.fieldnames = heading
    for row in rows:
        yield _line(f"line {rows.line_num}", row)


def _line(place: str, row: dict[str, str]) -> Correction | Problem:
    cost = read_cost(row.get("cost") or "")
    ident = (row.get("message_id") or "").strip()
    if cost is None:
        return Problem(place, f"{row.get('cost') or ''!r} is no cost; write an amount of 0 or more, such as 0.0212.")
    if not ident or "\0" in ident:
        return Problem(place, "has no message_id.")
    return Correction(place, ident, cost, (row.get("currency") or "").strip().upper() or None)


def read_cost(text: str) -> Decimal | None:
    """None: it is none."""
    try:
        cost = Decimal(text.strip())
    except InvalidOperation:
        return None
    return cost if cost.is_finite() and 0 <= cost <= LARGEST_COST else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

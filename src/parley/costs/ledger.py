"""The ledger of one message's money: append-only entries, whose sums say what is reserved and what is spent.

Every function gives the entries to append, never a change of an old one. Saying the same thing twice gives none. One
entry may do both: a settlement gives the reservation back and books what it did cost.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from parley.domain.money import Money, nothing


class EntryKind(StrEnum):
    """What an entry does."""

    RESERVE = "reserve"
    """Planned: set aside what it may cost."""
    RELEASE = "release"
    """Gives back all that is still reserved."""
    SETTLE = "settle"
    """The delivery report: what it did cost."""
    FEE = "fee"
    """Not delivered, and the provider charges for that. A delivery that is told later is settled all the same."""
    CORRECT = "correct"
    """By hand or by an invoice: the difference to what is booked."""


_SETTLING = frozenset({EntryKind.SETTLE, EntryKind.CORRECT})


class Entry(msgspec.Struct, frozen=True):
    """One line."""

    kind: EntryKind
    reserved: Money
    """Added to what is reserved; negative: given back."""
    spent: Money
    """Added to what is spent."""
    at: datetime
    why: str
    """The card or the reason, who corrected it, the invoice."""
    known: bool = True
    """False: it did cost something, and nobody knows how much; nothing is booked until it is corrected."""


class Standing(msgspec.Struct, frozen=True):
    """The sums of a message's entries."""

    reserved: Money
    spent: Money
    is_settled: bool = False


def standing(entries: Iterable[Entry], currency: str) -> Standing:
    """Raises ValueError when an entry is of another currency."""
    stands = Standing(nothing(currency), nothing(currency))
    for entry in entries:
        stands = with_entry(stands, entry)
    return stands


def with_entry(before: Standing, entry: Entry) -> Standing:
    """As it stands then."""
    return Standing(
        before.reserved + entry.reserved, before.spent + entry.spent, before.is_settled or entry.kind in _SETTLING
    )


def reserve(now_stands: Standing, estimate: Money, at: datetime, why: str) -> list[Entry]:
    """Once: a message that has a reservation or is settled keeps what it has. A free message reserves nothing."""
    if now_stands.is_settled or now_stands.reserved.amount or not estimate.amount:
        return []
    return [Entry(EntryKind.RESERVE, estimate, nothing(estimate.currency), at, why)]


def cancel(now_stands: Standing, at: datetime, why: str) -> list[Entry]:
    """It will not be sent, or was not delivered: the reservation goes back."""
    if not now_stands.reserved.amount:
        return []
    return [Entry(EntryKind.RELEASE, -now_stands.reserved, nothing(now_stands.reserved.currency), at, why)]


def fail(now_stands: Standing, fee: Money, at: datetime, why: str) -> list[Entry]:
    """Not delivered: the reservation goes back, and the provider's fee for it, if any, is spent."""
    if now_stands.is_settled or not fee.amount:
        return cancel(now_stands, at, why)
    return [Entry(EntryKind.FEE, -now_stands.reserved, fee, at, why)]


def settle(now_stands: Standing, cost: Money | None, at: datetime, why: str) -> list[Entry]:
    """By the first report of a delivery (or of a reading): once per message, whatever comes later. `cost` None: it is
    not known.
    """
    if now_stands.is_settled:
        return []
    known = cost or nothing(now_stands.reserved.currency)
    return [Entry(EntryKind.SETTLE, -now_stands.reserved, known, at, why, known=cost is not None)]


def correct(now_stands: Standing, cost: Money, at: datetime, why: str) -> list[Entry]:
    """What it really did cost, by an invoice or by hand: the difference is booked."""
    difference = cost - now_stands.spent
    if now_stands.is_settled and not difference.amount:
        return []
    return [Entry(EntryKind.CORRECT, -now_stands.reserved, difference, at, why)]

"""The ledger of one message's money: append-only entries, whose sums say what is reserved and what is spent.

Every function gives the entries to append, never a change of an old one. Saying the same thing twice gives none.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from parley.domain.money import Money, nothing


class EntryKind(StrEnum):
    """What an entry does."""

    RESERVE = "reserve"
    """Planned: set aside what it may cost."""
    RELEASE = "release"
    """Gives back all that is still reserved (negative)."""
    SETTLE = "settle"
    """The delivery report: what it did cost."""
    CORRECT = "correct"
    """By hand or by an invoice: the difference to what is booked."""


_RESERVING = frozenset({EntryKind.RESERVE, EntryKind.RELEASE})


class Entry(msgspec.Struct, frozen=True):
    """One line."""

    kind: EntryKind
    money: Money
    at: datetime
    why: str
    """The card and reason, who corrected it, the invoice."""


class Standing(msgspec.Struct, frozen=True):
    """The sums of a message's entries."""

    reserved: Money
    spent: Money
    is_settled: bool


def standing(entries: Iterable[Entry], currency: str) -> Standing:
    """Raises ValueError when an entry is of another currency."""
    reserved = spent = nothing(currency)
    is_settled = False
    for entry in entries:
        if entry.kind in _RESERVING:
            reserved += entry.money
        else:
            spent += entry.money
            is_settled = True
    return Standing(reserved, spent, is_settled)


def reserve(now_stands: Standing, estimate: Money, at: datetime, why: str) -> list[Entry]:
    """Once: a message that has a reservation or is settled keeps what it has. A free message reserves nothing."""
    if now_stands.is_settled or now_stands.reserved.amount or not estimate.amount:
        return []
    return [Entry(EntryKind.RESERVE, estimate, at, why)]


def cancel(now_stands: Standing, at: datetime, why: str) -> list[Entry]:
    """It will not be sent, or was not delivered: the reservation goes back."""
    return [Entry(EntryKind.RELEASE, -now_stands.reserved, at, why)] if now_stands.reserved.amount else []


def settle(now_stands: Standing, cost: Money, at: datetime, why: str) -> list[Entry]:
    """By the first report of a delivery (or of a reading): once per message, whatever comes later."""
    if now_stands.is_settled:
        return []
    return [*cancel(now_stands, at, why), Entry(EntryKind.SETTLE, cost, at, why)]


def correct(now_stands: Standing, cost: Money, at: datetime, why: str) -> list[Entry]:
    """What it really did cost, by an invoice or by hand: the difference is booked."""
    difference = cost - now_stands.spent
    if now_stands.is_settled and difference.amount == Decimal(0):
        return []
    return [*cancel(now_stands, at, why), Entry(EntryKind.CORRECT, difference, at, why)]

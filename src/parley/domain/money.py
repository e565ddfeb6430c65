"""Money: an exact amount in one currency. Nothing here converts one currency into another."""

from decimal import Decimal

import msgspec

BILLING_CURRENCIES = frozenset(
    ["USD", "AED", "ARS", "AUD", "BRL", "CLP", "COP", "EUR", "GBP", "IDR", "INR", "MXN", "MYR", "PEN", "SAR", "SGD"]
)
"""WhatsApp bills in these. Each has a published card of its own; none is ever worked out from another."""


class Money(msgspec.Struct, frozen=True):
    """`Decimal` throughout: rates have four places, and a million of them must add up to the cent."""

    amount: Decimal
    currency: str
    """ISO 4217, `EUR`."""

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.currency} {self.amount}"

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self} and {other} are of two currencies; one is never converted into the other")
        return other.amount


def nothing(currency: str) -> Money:
    """Zero of a currency."""
    return Money(Decimal(0), currency)

"""Budgets: a hard stop at the limit, a warning before it. What is reserved counts as spent."""

from decimal import Decimal

import msgspec

from parley.domain.money import Money

WARNING_SHARE = Decimal("0.8")


class Budget(msgspec.Struct, frozen=True):
    """`scope` names it for the user: `project`, `scenario abandoned-cart`, `day 2026-11-25`."""

    scope: str
    limit: Money


class Spent(msgspec.Struct, frozen=True):
    """What a budget has seen so far."""

    reserved: Money
    settled: Money

    @property
    def total(self) -> Money:
        """All of it."""
        return self.reserved + self.settled


class Within(msgspec.Struct, frozen=True):
    """There is room."""

    left: Money


class Warned(msgspec.Struct, frozen=True):
    """There is room, and four fifths are gone."""

    left: Money


class Over(msgspec.Struct, frozen=True):
    """It would not fit any more."""

    missing: Money


def judge(budget: Budget, spent: Spent, wanted: Money) -> Within | Warned | Over:
    """A message that costs nothing fits into every budget."""
    then = spent.total + wanted
    left = budget.limit - then
    if wanted.amount > 0 > left.amount:
        return Over(-left)
    return Warned(left) if then.amount >= budget.limit.amount * WARNING_SHARE else Within(left)

"""What is left of a project's budgets, seen by one transaction that plans or claims.

While every budget has room for ten thousand of the dearest messages, whoever works reads the totals and holds nothing:
what others plan in the same moment is not seen. From there on one transaction at a time works for the project and sees
all the others'. So a budget is exact unless more than ten thousand messages are planned within one moment, by all
workers together (a batch of at most 500 each, twice); then it may be overrun by those that are too many.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from uuid import UUID

import msgspec

from parley.costs import Quote
from parley.costs.budget import WARNING_SHARE
from parley.domain.cost_settings import BudgetRule, CostSettings
from parley.policy import BudgetFacts
from parley.services.definitions import ProjectDefinitions
from parley.store.database import Connection
from parley.store.ledger import Period, hold_budgets, used

OVER_BUDGET = "budget_spent"
"""What the policy says of a message that a budget has no room for."""
MOMENT = 10_000
"""Messages that may be planned at the same time, by transactions that do not see each other yet."""
_FIRST, _LAST = date(2000, 1, 1), date(2200, 1, 1)


class BudgetNow(msgspec.Struct):
    """One budget, as far as it is used in the period that runs."""

    rule: BudgetRule
    period: Period
    begins_again: datetime | None
    used: Decimal = Decimal(0)

    def holds(self, quote: Quote | None) -> Decimal:
        """How much of what is used is set aside for this very message."""
        if quote is None or not quote.reserved or not self.period.since <= quote.day < self.period.until:
            return Decimal(0)
        return quote.money.amount

    def is_near(self) -> bool:
        """Four fifths are gone."""
        return self.used >= self.rule.limit * WARNING_SHARE


class Budgets:
    """Those it has allowed count for those that follow."""

    def __init__(self, currency: str, budgets: Sequence[BudgetNow]) -> None:
        self._currency = currency
        self._budgets = budgets

    def facts(self, origin: str, old: Quote | None, new: Quote | None) -> BudgetFacts | None:
        """Of the budget that has no room, else of the one with the least. `old` is what the message holds already."""
        if new is None or new.amount is None or new.currency != self._currency:
            return None
        wanted = new.amount
        mine = [one for one in self._budgets if one.rule.origin in (None, origin)]
        found = [_facts(one, self._currency, one.used - one.holds(old), wanted) for one in mine]
        return min(found, key=lambda one: (one.left >= 0, _last(one), one.left), default=None)

    def moves(self, origin: str, old: Quote | None, new: Quote | None) -> None:
        """The message held `old` and holds `new` now."""
        for one in self._budgets:
            if one.rule.origin in (None, origin):
                one.used += one.holds(new) - one.holds(old)


def _facts(one: BudgetNow, currency: str, used_by_others: Decimal, wanted: Decimal) -> BudgetFacts:
    return BudgetFacts(one.rule.name, currency, one.rule.limit, used_by_others, wanted, one.begins_again)


def _last(facts: BudgetFacts) -> float:
    """Of several without room the one that begins anew last, or never, decides."""
    return float("-inf") if facts.begins_again is None else -facts.begins_again.timestamp()


NO_BUDGETS = Budgets("", ())


async def budgets_in(
    connection: Connection, project_id: UUID, project: ProjectDefinitions, now: datetime, *, asked: bool = False
) -> Budgets:
    """Held until the transaction ends where one is nearly gone; not when somebody only asks."""
    costs = project.settings.costs
    if not costs.budgets:
        return NO_BUDGETS
    budgets = await budgets_now(connection, project_id, costs, now)
    moment = project.prices.dearest(now) * MOMENT
    if not asked and any(one.rule.limit - one.used < moment for one in budgets):
        await hold_budgets(connection, project_id)
        budgets = await budgets_now(connection, project_id, costs, now)
    return Budgets(costs.currency, budgets)


async def budgets_now(connection: Connection, project_id: UUID, costs: CostSettings, now: datetime) -> list[BudgetNow]:
    """As it is committed."""
    zone = costs.zone
    budgets = [_budget_now(rule, now.astimezone(zone).date(), zone) for rule in costs.budgets]
    amounts = await used(connection, project_id, costs.currency, [one.period for one in budgets])
    for one, amount in zip(budgets, amounts, strict=True):
        one.used = amount
    return budgets


def _budget_now(rule: BudgetRule, day: date, zone: tzinfo) -> BudgetNow:
    match rule.per:
        case "day":
            since, until = day, day + timedelta(days=1)
        case "month":
            since = day.replace(day=1)
            until = (since + timedelta(days=32)).replace(day=1)
        case "ever":
            return BudgetNow(rule, Period(_FIRST, _LAST, rule.origin), None)
    begins_again = datetime(until.year, until.month, until.day, tzinfo=zone)
    return BudgetNow(rule, Period(since, until, rule.origin), begins_again)

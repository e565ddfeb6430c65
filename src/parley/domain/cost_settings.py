"""What a project says about money: its currency, the account's time zone, the provider's mark-up, its budgets."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from parley.domain.errors import Problem
from parley.domain.money import BILLING_CURRENCIES
from parley.domain.phone import is_country

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
LARGEST_AMOUNT = Decimal(1_000_000_000)


class Markup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In the currency of the rate card. A monthly fee is not a message's and stays out."""

    per_message: Decimal = Decimal(0)
    """For every message, also a free one."""
    percent: Decimal = Decimal(0)
    """Of WhatsApp's fee."""
    per_failed: Decimal = Decimal(0)
    """For a message that ends failed."""


class BudgetRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most that may be spent, by the project or one of its scenarios or campaigns, in a day, a month, or ever."""

    limit: Decimal
    per: Literal["day", "month", "ever"] = "ever"
    scenario: Name | None = None
    campaign: Name | None = None

    @property
    def origin(self) -> str | None:
        """The scenario or campaign whose messages count; None: all of the project's."""
        return self.scenario or self.campaign

    @property
    def name(self) -> str:
        """`scenario abandoned-cart, per day`."""
        if self.scenario is not None:
            whose = f"scenario {self.scenario}"
        else:
            whose = "project" if self.campaign is None else f"campaign {self.campaign}"
        return whose if self.per == "ever" else f"{whose}, per {self.per}"


class CostSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A project without a word about money pays in US dollars, by the price list alone, without a budget."""

    currency: str = "USD"
    """One of WhatsApp's 16."""
    time_zone: str = "UTC"
    """The WhatsApp account's: days, months, prices and regimes change at its midnight."""
    country: str | None = None
    """The business's primary location as WhatsApp knows it, in two letters."""
    international_authentication: bool = False
    """It sends so many codes that WhatsApp charges the international rate for those that go abroad."""
    markup: Markup = Markup()
    budgets: tuple[BudgetRule, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """Kept by `zoneinfo` itself once it was read."""
        return ZoneInfo(self.time_zone)


def cost_problems(costs: CostSettings) -> Iterator[Problem]:
    """What no type says."""
    if costs.currency not in BILLING_CURRENCIES:
        known = ", ".join(sorted(BILLING_CURRENCIES))
        yield Problem("costs.currency", f"WhatsApp does not bill in {costs.currency}. It bills in {known}.")
    if costs.time_zone not in available_timezones():
        sentence = f"there is no time zone {costs.time_zone}; write one such as Europe/Bratislava."
        yield Problem("costs.time_zone", sentence)
    if costs.country is not None and not is_country(costs.country):
        yield Problem("costs.country", f"there is no country {costs.country[:20]}; write its two letters, such as SK.")
    for name in Markup.__struct_fields__:
        if not _is_amount(getattr(costs.markup, name)):
            yield Problem(f"costs.markup.{name}", "must be 0 or more.")
    yield from _budget_problems(costs.budgets)


def _budget_problems(budgets: Sequence[BudgetRule]) -> Iterator[Problem]:
    names = [budget.name for budget in budgets]
    for number, budget in enumerate(budgets):
        if not _is_amount(budget.limit):
            yield Problem(f"costs.budgets[{number}].limit", "must be 0 or more.")
        if budget.scenario is not None and budget.campaign is not None:
            yield Problem(f"costs.budgets[{number}]", "is of a scenario or of a campaign, not of both: write two.")
        if budget.name in names[:number]:
            yield Problem(f"costs.budgets[{number}]", f"there is another budget of this kind: {budget.name}.")


def _is_amount(amount: Decimal) -> bool:
    return amount.is_finite() and 0 <= amount <= LARGEST_AMOUNT

"""Worked examples of WhatsApp's price lists, the dates of its regimes, budgets, mark-up."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from parley.costs import (
    Budget,
    Category,
    Delivered,
    Free,
    Markup,
    Over,
    RateCard,
    Regime,
    Spent,
    Warned,
    Within,
    card_in_force,
    charge_for,
    failed_fee,
    judge,
    market_of,
    price,
    rate_after,
    regime_on,
    shipped_cards,
    with_markup,
)
from parley.costs.tier import Tier
from parley.domain.money import Money, nothing

OCTOBER = date(2026, 10, 15)


def card(day: date = OCTOBER) -> RateCard:
    found = card_in_force(shipped_cards(), "USD", day)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("market", "category", "count", "expected"),
    [("Brazil", "utility", 300_000, "2025.00"), ("Germany", "authentication", 2_500_000, "130160.00")],
)
def test_it_adds_up_the_worked_examples_of_the_volume_tiers(
    market: str, category: str, count: int, expected: str
) -> None:
    assert charge_for(card().tiers[market][category], count) == Decimal(expected)


@pytest.mark.parametrize(("numbers", "expected"), [([1500], "10.0000"), ([750, 750], "0")])
def test_it_counts_the_free_service_messages_of_each_number(numbers: list[int], expected: str) -> None:
    def cost(before: int) -> Decimal:
        message = Delivered("34600000000", Category.SERVICE, datetime(2026, 10, 15, tzinfo=UTC), free_used=before)
        found = price(message, shipped_cards(), "USD", UTC)
        return Decimal(0) if isinstance(found, Free) else found.money.amount  # type: ignore[union-attr]

    assert sum(cost(before) for count in numbers for before in range(count)) == Decimal(expected)


@pytest.mark.parametrize("market", sorted(card().tiers))
def test_a_price_list_begins_its_tiers_at_the_list_rate(market: str) -> None:
    for category, tier in card().tiers[market].items():
        assert rate_after(tier, 0) == card().rates[market][category]
        assert list(tier.rates) == sorted(tier.rates, reverse=True)


def test_the_cards_in_force_since_july_2026_price_every_market() -> None:
    for day in (date(2026, 7, 1), date(2026, 10, 1)):
        digits = ("34", "421901", "880", "964", "77", "965", "212", "977", "968", "94", "380", "1202", "999")
        assert all("utility" in card(day).rates[market_of(number, day)] for number in digits)


@pytest.mark.parametrize(
    ("day", "regime"),
    [
        (date(2022, 1, 31), Regime.NOTIFICATION),
        (date(2022, 2, 1), Regime.CONVERSATION),
        (date(2023, 5, 31), Regime.CONVERSATION),
        (date(2023, 6, 1), Regime.CONVERSATION_BY_CATEGORY),
        (date(2025, 6, 30), Regime.CONVERSATION_BY_CATEGORY),
        (date(2025, 7, 1), Regime.TEMPLATE_MESSAGE),
        (date(2026, 9, 30), Regime.TEMPLATE_MESSAGE),
        (date(2026, 10, 1), Regime.MESSAGE),
    ],
)
def test_a_regime_begins_on_its_day(day: date, regime: Regime) -> None:
    assert regime_on(day) is regime


def test_tiers_are_marginal_and_begin_where_the_month_stands() -> None:
    tier = Tier((100, 200), (Decimal(3), Decimal(2), Decimal(1)))
    assert [charge_for(tier, 150), charge_for(tier, 60, 90), charge_for(tier, 5, 500)] == [400, 130, 5]
    with pytest.raises(ValueError, match="counted from zero"):
        charge_for(tier, -1)


def test_a_budget_warns_at_four_fifths_and_stops_at_its_limit() -> None:
    budget = Budget("project", Money(Decimal(100), "EUR"))
    spent = Spent(Money(Decimal(30), "EUR"), Money(Decimal("49.99"), "EUR"))

    def said(amount: str) -> Within | Warned | Over:
        return judge(budget, spent, Money(Decimal(amount), "EUR"))

    assert said("0") == Within(Money(Decimal("20.01"), "EUR"))
    assert said("0.01") == Warned(Money(Decimal("20.00"), "EUR"))
    assert said("20.01") == Warned(Money(Decimal("0.00"), "EUR"))
    assert said("20.02") == Over(Money(Decimal("0.01"), "EUR"))


def test_what_costs_nothing_fits_into_a_budget_that_is_gone() -> None:
    budget = Budget("day", Money(Decimal(1), "EUR"))
    gone = Spent(nothing("EUR"), Money(Decimal(2), "EUR"))
    assert isinstance(judge(budget, gone, nothing("EUR")), Warned)


def test_a_markup_adds_its_parts_and_a_failed_message_costs_only_its_own() -> None:
    markup = Markup(Decimal("0.005"), Decimal(20), Decimal("0.001"))
    assert with_markup(Money(Decimal("0.0200"), "USD"), markup) == Money(Decimal("0.0290"), "USD")
    assert failed_fee(markup, "USD") == Money(Decimal("0.001"), "USD")


def test_two_currencies_are_never_added() -> None:
    with pytest.raises(ValueError, match="of two currencies"):
        Money(Decimal(1), "USD") + Money(Decimal(1), "EUR")

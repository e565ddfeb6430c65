"""One-time codes from abroad: when their own rate is charged, and what is said where nobody knows."""

from typing import Any

import msgspec
import pytest

from parley.costs import Category, Delivered, PriceList, shipped_cards
from parley.domain.cost_settings import CostSettings, cost_problems
from tests.rules.costs.test_cases import cases

CODE: dict[str, Any] = {"category": "authentication", "at": "2026-10-15T10:00:00Z"}


@pytest.mark.parametrize("case", cases("international.json"))
def test_it_is_estimated_as_the_case_says(case: dict[str, Any]) -> None:
    prices = PriceList(shipped_cards(), msgspec.convert(case["costs"], CostSettings))
    message = msgspec.convert({**CODE, **case}, Delivered)
    quote = prices.estimate(prices.as_charged(message))
    assert [quote.category, str(quote.amount), quote.why] == case["expected"]


def test_it_is_counted_apart_from_the_codes_at_home() -> None:
    message = msgspec.convert({**CODE, "recipient": "919000000000"}, Delivered)
    abroad = PriceList(shipped_cards(), CostSettings(country="SK", international_authentication=True))
    home = PriceList(shipped_cards(), CostSettings(country="IN", international_authentication=True))
    assert [one.counted(one.as_charged(message)) for one in (home, abroad)] == [
        "India: authentication",
        "India: authentication_international",
    ]


def test_what_a_report_says_is_not_taken_for_another_rate() -> None:
    prices = PriceList(shipped_cards(), CostSettings(country="SK", international_authentication=True))
    reported = msgspec.convert({**CODE, "recipient": "919000000000"}, Delivered)
    assert (prices.quote(reported).category, str(prices.quote(reported).amount)) == (Category.AUTHENTICATION, "0.0014")


@pytest.mark.parametrize("country", ["", "sk", "SVK", "XX", "Slovakia", "0", "AQ"])
def test_a_country_is_two_letters_that_have_a_calling_code(country: str) -> None:
    (problem,) = cost_problems(CostSettings(country=country))
    assert problem.field == "costs.country"
    assert list(cost_problems(CostSettings(country="SK"))) == []

"""Every price case: a delivered message in, a charge, a reason why it is free, or why nobody knows, out."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from parley.costs import Category, Charge, Delivered, Free, Price, Unpriced, parse_card, price, shipped_cards
from parley.domain.errors import InvalidInputError

FOLDER = Path(__file__).parents[2] / "cases" / "costs"
ACCOUNT_ZONE = ZoneInfo("Europe/Bratislava")
CARD = {
    "name": "my-card",
    "currency": "EUR",
    "valid_from": "2026-10-01",
    "source": "the published card",
    "rates": {"Spain": {"utility": "0.0173"}},
}


def cases(name: str) -> list[Any]:
    """A pytest parameter for each."""
    return [pytest.param(case, id=case["description"]) for case in json.loads((FOLDER / name).read_text("utf-8"))]


@pytest.mark.parametrize("case", cases("prices.json"))
def test_it_prices_as_the_case_says(case: dict[str, Any]) -> None:
    message = msgspec.convert(case["message"], Delivered)
    assert _said(price(message, shipped_cards(), case.get("currency", "USD"), ACCOUNT_ZONE)) == case["expected"]


def _said(found: Price) -> str:
    match found:
        case Charge(money=money):
            return str(money)
        case Free(reason=reason):
            return f"free: {reason}"
        case Unpriced(reason=reason):
            return f"unpriced: {reason}"


@pytest.mark.parametrize("case", cases("refused.json"))
def test_it_names_every_problem_of_a_card(case: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_card(msgspec.json.encode(CARD | case["change"]))
    assert [str(problem) for problem in caught.value.problems] == case["expected"]


def test_it_loads_a_card_in_another_currency_beside_the_shipped_ones() -> None:
    cards = (*shipped_cards(), parse_card(msgspec.json.encode(CARD)))
    message = Delivered("34600000000", Category.UTILITY, datetime(2026, 10, 15, tzinfo=UTC))
    assert _said(price(message, cards, "EUR", ACCOUNT_ZONE)) == "EUR 0.0173"

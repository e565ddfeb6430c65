"""What another category costs more, by the cards that come with Parley."""

from datetime import date
from decimal import Decimal

from parley.costs import difference, shipped_cards

OCTOBER = date(2026, 11, 1)


def test_marketing_costs_more_than_utility_in_every_market() -> None:
    more = difference("UTILITY", "MARKETING", shipped_cards(), "USD", OCTOBER)
    assert more is not None
    card = next(one for one in shipped_cards() if one.name == more.card)
    assert card.rates["Germany"]["marketing"] - card.rates["Germany"]["utility"] == Decimal("0.0815")
    assert Decimal(0) < more.least <= Decimal("0.0815") <= more.most


def test_no_card_is_no_difference() -> None:
    assert difference("UTILITY", "MARKETING", shipped_cards(), "EUR", OCTOBER) is None
    assert difference("UTILITY", "MARKETING", shipped_cards(), "USD", date(2015, 1, 1)) is None

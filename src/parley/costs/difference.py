"""What it costs more when WhatsApp files a template as another category than was asked for."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import msgspec

from parley.costs.card import RateCard, card_in_force


class Difference(msgspec.Struct, frozen=True):
    """A delivered message, by the list price of each market; less than nothing where it costs less."""

    currency: str
    card: str
    least: Decimal
    least_in: str
    most: Decimal
    most_in: str

    @property
    def told(self) -> str:
        """`0.0094 (Oman) to 0.1097 (Netherlands) USD (usd-2026-10-01)`."""
        return f"{self.least} ({self.least_in}) to {self.most} ({self.most_in}) {self.currency} ({self.card})"


def difference(asked: str, filed: str, cards: Iterable[RateCard], currency: str, day: date) -> Difference | None:
    """From the category `asked` for to the one it is `filed` as, over all markets; None where no card tells both."""
    card = card_in_force(cards, currency, day)
    if card is None:
        return None
    by_market = {
        market: rates[filed.lower()] - rates[asked.lower()]
        for market, rates in card.rates.items()
        if asked.lower() in rates and filed.lower() in rates
    }
    if not by_market:
        return None
    least, most = min(by_market, key=by_market.__getitem__), max(by_market, key=by_market.__getitem__)
    return Difference(currency, card.name, by_market[least], least, by_market[most], most)

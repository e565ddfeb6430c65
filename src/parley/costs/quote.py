"""What one message is expected to cost: worked out when it is planned, kept with it, looked at again when it leaves."""

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache

import msgspec

from parley.costs.card import RateCard, card_in_force
from parley.costs.difference import Difference, difference
from parley.costs.international import as_charged, doubt
from parley.costs.market import market_of
from parley.costs.markup import with_markup
from parley.costs.price import Category, Charge, Delivered, Free, Unpriced, free_because, price
from parley.costs.regime import Regime, regime_on
from parley.domain.cost_settings import CostSettings
from parley.domain.money import Money, nothing

SERVICE = "service"
"""The counter of free service messages."""


class Quote(msgspec.Struct, frozen=True, omit_defaults=True):
    """As it is stored with the message."""

    amount: Decimal | None
    """With the provider's mark-up; None: it costs something, and nobody knows how much."""
    currency: str
    market: str
    category: Category
    why: str
    """The card, or why it is free, or not known."""
    day: date
    """In the account's time zone: its money belongs to this day's budget and to this day in every report."""
    in_window: bool = False
    in_free_entry: bool = False
    reserved: bool = False
    """The amount is set aside."""
    settled: bool = False
    """By a correction, before any report."""
    saved: Decimal = Decimal(0)
    """How much dearer the template would have been that was not needed."""

    @property
    def money(self) -> Money:
        """What is set aside for it."""
        return Money(self.amount or Decimal(0), self.currency)

    @property
    def set_aside(self) -> Money:
        """What is reserved now."""
        return self.money if self.reserved else nothing(self.currency)


@lru_cache(maxsize=100)
def _day(at: datetime, zone: tzinfo) -> date:
    """A batch asks about one moment, twice for each of its messages."""
    return at.astimezone(zone).date()


class PriceList:
    """One project's prices: its own rate cards before the shipped ones, its currency and its provider's mark-up."""

    def __init__(self, cards: Iterable[RateCard], costs: CostSettings) -> None:
        self.costs = costs
        self._cards = tuple(card for card in cards if card.currency == costs.currency)
        self._zone = costs.zone
        self._in_force: dict[date, tuple[RateCard, ...]] = {}
        self.free = with_markup(nothing(costs.currency), costs.markup).amount
        """What a message costs that WhatsApp does not charge."""

    def month(self, at: datetime) -> date:
        """Its first day."""
        return self.day(at).replace(day=1)

    def day(self, at: datetime) -> date:
        """In the time zone of the WhatsApp account."""
        return _day(at, self._zone)

    def difference(self, asked: str, filed: str, at: datetime) -> Difference | None:
        """What it costs more when WhatsApp files a template as another category than was asked for."""
        return difference(asked, filed, self._cards, self.costs.currency, self.day(at))

    def dearest(self, at: datetime) -> Decimal:
        """What a message can cost at most; 0 where no rate is known."""
        card = self._card_on(self.day(at))
        rates = [rate for market in card.rates.values() for rate in market.values()] if card else []
        return with_markup(Money(max(rates, default=Decimal(0)), self.costs.currency), self.costs.markup).amount

    def as_charged(self, message: Delivered) -> Delivered:
        """A code that goes abroad may be charged as such."""
        day = self.day(message.at)
        return as_charged(message, self._card_on(day), self.costs, day)

    def estimate(self, message: Delivered) -> Quote:
        """As `quote`, before anybody has told what it was charged as; `message` is as `as_charged` gave it."""
        day = self.day(message.at)
        said = self.quote(message)
        charged = said.amount is not None and free_because(message, day) is None
        note = doubt(message, self._card_on(day), self.costs, day) if charged else ""
        return msgspec.structs.replace(said, why=said.why + note) if note else said

    def quote(self, message: Delivered) -> Quote:
        """As if it were delivered at `message.at`."""
        day = self.day(message.at)
        found = price(message, self._cards_on(day), self.costs.currency, self._zone)
        amount: Decimal | None
        match found:
            case Charge(money=money, card=card):
                amount, why = with_markup(money, self.costs.markup).amount, card
            case Free(reason=reason):
                amount, why = self.free, f"free: {reason}"
            case Unpriced(reason=reason):
                amount, why = None, f"unknown: {reason}"
        return Quote(
            amount=amount,
            currency=self.costs.currency,
            market=found.market,
            category=message.category,
            why=why,
            day=day,
            in_window=message.in_window,
            in_free_entry=message.in_free_entry,
        )

    def counted(self, message: Delivered) -> str | None:
        """What of this month its price depends on: `service` of the business number, or market and category of whoever
        owns all its numbers. None: it costs the same, however many went before.
        """
        if message.in_free_entry:
            return None
        day = self.day(message.at)
        if message.category is Category.SERVICE:
            return SERVICE if regime_on(day) is Regime.MESSAGE else None
        card = self._card_on(day)
        market = message.market or market_of(message.recipient, day)
        if card is None or message.category not in card.tiers.get(market, {}):
            return None
        return f"{market}: {message.category}" if free_because(message, day) is None else None

    def _card_on(self, day: date) -> RateCard | None:
        return next(iter(self._cards_on(day)), None)

    def _cards_on(self, day: date) -> tuple[RateCard, ...]:
        """The one in force, looked for once for each day."""
        known = self._in_force.get(day)
        if known is None:
            card = card_in_force(self._cards, self.costs.currency, day)
            known = self._in_force[day] = (card,) if card else ()
        return known


def after(message: Delivered, count: int) -> Delivered:
    """The same message when so many that are counted with it went before."""
    return msgspec.structs.replace(message, free_used=count, charged_before=count)

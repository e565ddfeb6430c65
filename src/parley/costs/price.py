"""The price of one delivered message: the regime says whether it is charged, the card says how much.

Source: Meta, "Pricing on the WhatsApp Business Platform", read 11 September 2026, and the regimes before it.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

import msgspec

from parley.costs.card import RateCard, card_in_force
from parley.costs.market import UNKNOWN, market_of
from parley.costs.regime import Regime, regime_on
from parley.costs.tier import rate_after
from parley.domain.money import Money

FREE_SERVICE_MESSAGES = 1_000
"""Per business number and calendar month in the account's time zone, without carry-over (since 1 October 2026)."""
FREE_CONVERSATIONS = 1_000
"""Per account and month: of both kinds until 31 May 2023, then of service only."""
SERVICE_CONVERSATIONS_FREE_SINCE = date(2024, 11, 1)


class Category(StrEnum):
    """What a message is charged as."""

    MARKETING = "marketing"
    UTILITY = "utility"
    AUTHENTICATION = "authentication"
    AUTHENTICATION_INTERNATIONAL = "authentication_international"
    SERVICE = "service"
    """Free text, media: everything that is no template."""


class Delivered(msgspec.Struct, frozen=True):
    """One message that was delivered, or would be: all that its price depends on."""

    recipient: str
    """Digits of the number, without a plus."""
    category: Category
    at: datetime
    """When it was delivered (or read, when no delivery was told)."""
    in_window: bool = False
    """Had the customer written in the 24 hours before?"""
    in_free_entry: bool = False
    """Within the 72 hours after an advertisement was tapped and answered?"""
    free_used: int = 0
    """Of what is free each month: service messages of this number, or conversations of the account, so far."""
    charged_before: int = 0
    """Messages of this market and category that were charged this month, over all of the owner's accounts."""
    conversation_open: bool = False
    """Conversations only: does one run that covers this message?"""
    market: str | None = None
    """Where it is known already; None: by the number."""


class Free(msgspec.Struct, frozen=True, tag="free"):
    """Nothing is charged."""

    reason: str
    market: str


class Charge(msgspec.Struct, frozen=True, tag="charge"):
    """The provider charges this much."""

    money: Money
    market: str
    rate_of: str
    """The card's category."""
    card: str


class Unpriced(msgspec.Struct, frozen=True, tag="unpriced"):
    """Something is charged, and we do not know how much."""

    reason: str
    market: str


Price = Free | Charge | Unpriced


def price(message: Delivered, cards: Iterable[RateCard], currency: str, zone: tzinfo) -> Price:
    """`zone` is the WhatsApp account's: rates, regimes and months change at its midnight."""
    day = message.at.astimezone(zone).date()
    market = message.market or market_of(message.recipient, day)
    free = free_because(message, day)
    if free is not None:
        return Free(free, market)
    return _charged(message, market, day, card_in_force(cards, currency, day), currency)


def free_because(message: Delivered, day: date) -> str | None:
    """None: it is charged under the regime of that day."""
    return _FREE[regime_on(day)](message, day)


def _charged(message: Delivered, market: str, day: date, card: RateCard | None, currency: str) -> Price:
    category = _rate_of(message, regime_on(day))
    if market == UNKNOWN:
        return Unpriced("The market of a WhatsApp user without a number is not known.", market)
    if card is None:
        return Unpriced(f"No rate card in {currency} is known for {day}. `parley apply` the published one.", market)
    rate = _rate(card, market, category, message)
    if rate is None:
        return Unpriced(f"The card {card.name} has no rate for {category} in {market}.", market)
    return Charge(Money(rate, currency), market, category, card.name)


def _rate(card: RateCard, market: str, category: str, message: Delivered) -> Decimal | None:
    tier = card.tiers.get(market, {}).get(category)
    if tier is not None and category != Category.SERVICE:
        return rate_after(tier, message.charged_before)
    return card.rates.get(market, {}).get(category)


def _rate_of(message: Delivered, regime: Regime) -> str:
    if regime is Regime.CONVERSATION:
        return "user_initiated" if message.in_window else "business_initiated"
    return message.category.value


def _free_notification(message: Delivered, _: date) -> str | None:
    return "Everything inside the 24-hour window was free." if message.in_window else None


def _free_conversation(message: Delivered, _: date) -> str | None:
    if message.in_free_entry:
        return "It came by a free entry point."
    if message.conversation_open:
        return "It is part of a conversation that is charged already."
    if message.free_used < FREE_CONVERSATIONS:
        return f"The first {FREE_CONVERSATIONS:,} conversations of a month are free."
    return None


def _free_conversation_by_category(message: Delivered, day: date) -> str | None:
    if message.in_free_entry:
        return "It came by a free entry point."
    if message.conversation_open:
        return "It is part of a conversation that is charged already."
    if message.category is not Category.SERVICE:
        return None
    if day >= SERVICE_CONVERSATIONS_FREE_SINCE:
        return "Service conversations are free."
    if message.free_used < FREE_CONVERSATIONS:
        return f"The first {FREE_CONVERSATIONS:,} service conversations of a month are free."
    return None


def _free_template_message(message: Delivered, _: date) -> str | None:
    if message.in_free_entry:
        return "It came by a free entry point."
    if message.category is Category.SERVICE:
        return "Messages that are no templates are free."
    if message.category is Category.UTILITY and message.in_window:
        return "A utility template inside the 24-hour window is free."
    return None


def _free_message(message: Delivered, _: date) -> str | None:
    if message.in_free_entry:
        return "It came by a free entry point."
    if message.category is Category.SERVICE and message.free_used < FREE_SERVICE_MESSAGES:
        return f"The first {FREE_SERVICE_MESSAGES:,} service messages of a number and month are free."
    return None


_FREE: dict[Regime, Callable[[Delivered, date], str | None]] = {
    Regime.NOTIFICATION: _free_notification,
    Regime.CONVERSATION: _free_conversation,
    Regime.CONVERSATION_BY_CATEGORY: _free_conversation_by_category,
    Regime.TEMPLATE_MESSAGE: _free_template_message,
    Regime.MESSAGE: _free_message,
}
"""Why a message is free under a regime; None: it is charged."""

"""A rate card: what a delivered message costs, by market and category, in one currency, from a date on."""

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from parley.costs.market import market_names
from parley.costs.tier import Tier
from parley.domain.errors import InvalidInputError, Problem
from parley.domain.misfit import every_misfit
from parley.domain.money import BILLING_CURRENCIES

CATEGORIES = frozenset(
    {"marketing", "utility", "authentication", "authentication_international", "service",
     "business_initiated", "user_initiated"}
)  # fmt: skip
LARGEST_RATE = Decimal(100_000)


class RateCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As published. A rate that is missing is not zero: it is not known, or does not apply."""

    name: str
    currency: str
    valid_from: date
    source: str
    rates: dict[str, dict[str, Decimal]]
    """By market, then by category."""
    kind: Literal["rate_card"] = "rate_card"
    valid_to: date | None = None
    """The first day on which it is not in force any more; None: until the next card of the currency."""
    complete: bool = True
    """False: only some of the published rates are known."""
    tiers: dict[str, dict[str, Tier]] = {}


def parse_card(raw: bytes) -> RateCard:
    """Raises InvalidInputError with every problem: unknown market, category or currency, a negative rate."""
    try:
        card = msgspec.json.decode(raw, type=RateCard)
    except msgspec.ValidationError as error:
        raise every_misfit(raw, RateCard, "card") from error
    except msgspec.DecodeError as error:
        raise InvalidInputError([Problem("card", f"This is no JSON: {error}.")]) from error
    problems = [*_head(card), *_rates(card), *_tiers(card)]
    if problems:
        raise InvalidInputError(problems)
    return card


def card_in_force(cards: Iterable[RateCard], currency: str, day: date) -> RateCard | None:
    """`day` in the time zone of the WhatsApp account. Of several the one that began last."""
    begun = [card for card in cards if card.currency == currency and card.valid_from <= day]
    latest = max(begun, key=lambda card: card.valid_from, default=None)
    over = latest is None or (latest.valid_to is not None and latest.valid_to <= day)
    return None if over else latest


def _head(card: RateCard) -> Iterable[Problem]:
    if card.currency not in BILLING_CURRENCIES:
        known = ", ".join(sorted(BILLING_CURRENCIES))
        yield Problem("currency", f"WhatsApp does not bill in {card.currency}. It bills in {known}.")
    if card.valid_to is not None and card.valid_to <= card.valid_from:
        yield Problem("valid_to", "Ends before it begins.")
    if not card.rates:
        yield Problem("rates", "Holds no rate.")


def _rates(card: RateCard) -> Iterable[Problem]:
    for market, rates in card.rates.items():
        yield from _names(f"rates.{market}", market, rates)
        for category, rate in rates.items():
            if not _is_rate(rate):
                yield Problem(f"rates.{market}.{category}", f"{rate} is no rate; write 0 or more per message.")


def _tiers(card: RateCard) -> Iterable[Problem]:
    for market, tiers in card.tiers.items():
        yield from _names(f"tiers.{market}", market, tiers)
        for category, tier in tiers.items():
            if len(tier.rates) != len(tier.bounds) + 1 or list(tier.bounds) != sorted(set(tier.bounds)):
                yield Problem(f"tiers.{market}.{category}", "Needs rising bounds and one rate more than bounds.")
            if not all(_is_rate(rate) for rate in tier.rates):
                yield Problem(f"tiers.{market}.{category}", "Holds what is no rate; write 0 or more per message.")


def _is_rate(rate: Decimal) -> bool:
    return rate.is_finite() and 0 <= rate <= LARGEST_RATE


def _names(field: str, market: str, categories: Collection[str]) -> Iterable[Problem]:
    if market not in market_names():
        yield Problem(field, f"{market} is no market of WhatsApp's rate cards.")
    for category in categories:
        if category not in CATEGORIES:
            yield Problem(f"{field}.{category}", f"Is no category. There are {', '.join(sorted(CATEGORIES))}.")

"""One-time codes from abroad: the rate `authentication_international`.

Source: Meta, "Authentication-international rates" (whatsapp.md 2.3).

It is charged in the markets whose card has one, since 1 June 2024, when the business is based in another market and
sends more than 750,000 messages in 30 days. The second only WhatsApp can count, over all of the owner's accounts and
providers: so both are settings. Where the location is not known, who sends so many is priced by the dearer of the two
rates, everybody else by the plain one, and the quote says so.
"""

from datetime import date
from decimal import Decimal

import msgspec

from parley.costs.card import RateCard
from parley.costs.market import market_of
from parley.costs.price import Category, Delivered
from parley.domain.cost_settings import CostSettings
from parley.domain.phone import example_of

SINCE = date(2024, 6, 1)
_CODES = frozenset({Category.AUTHENTICATION, Category.AUTHENTICATION_INTERNATIONAL})


def as_charged(message: Delivered, card: RateCard | None, costs: CostSettings, day: date) -> Delivered:
    """The message in the category that it is charged as. Where the location is not known, the dearer counts."""
    rates = _both_rates(message, card, day)
    if rates is None or not costs.international_authentication or message.category is not Category.AUTHENTICATION:
        return message
    plain, international = rates
    home = _home(costs, day)
    abroad = international > (plain or 0) if home is None else home != _market(message, day)
    return msgspec.structs.replace(message, category=Category.AUTHENTICATION_INTERNATIONAL) if abroad else message


def doubt(message: Delivered, card: RateCard | None, costs: CostSettings, day: date) -> str:
    """What the quote of this message adds; empty when there is no doubt."""
    rates = _both_rates(message, card, day) if costs.country is None else None
    if rates is None:
        return ""
    plain, international = rates
    if costs.international_authentication:
        return f" (costs.country is not set; {plain or 'another rate'} for a business of that market)"
    return f" (costs.country is not set; {international} from abroad beyond 750,000 codes in 30 days)"


def _both_rates(message: Delivered, card: RateCard | None, day: date) -> tuple[Decimal | None, Decimal] | None:
    """(plain, international) of a code's market; None where there is no second, or the message is no code."""
    if message.category not in _CODES or card is None or day < SINCE:
        return None
    rates = card.rates.get(_market(message, day), {})
    international = rates.get(Category.AUTHENTICATION_INTERNATIONAL)
    return None if international is None else (rates.get(Category.AUTHENTICATION), international)


def _market(message: Delivered, day: date) -> str:
    return message.market or market_of(message.recipient, day)


def _home(costs: CostSettings, day: date) -> str | None:
    return None if costs.country is None else market_of(example_of(costs.country), day)

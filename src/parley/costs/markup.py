"""What the provider adds to WhatsApp's fee. Every provider has its own model; three parts cover the known ones."""

from decimal import Decimal

import msgspec

from parley.domain.money import Money


class Markup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In the currency of the rate card. A monthly fee is not a message's and stays out."""

    per_message: Decimal = Decimal(0)
    """For every message, also a free one."""
    percent: Decimal = Decimal(0)
    """Of WhatsApp's fee."""
    per_failed: Decimal = Decimal(0)
    """For a message that ends failed."""


def with_markup(fee: Money, markup: Markup) -> Money:
    """What a delivered message costs in all."""
    return Money(fee.amount * (1 + markup.percent / 100) + markup.per_message, fee.currency)


def failed_fee(markup: Markup, currency: str) -> Money:
    """What a message costs that was not delivered: WhatsApp itself charges nothing for it."""
    return Money(markup.per_failed, currency)

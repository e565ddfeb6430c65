"""What the provider adds to WhatsApp's fee. Every provider has its own model; three parts cover the known ones."""

from parley.domain.cost_settings import Markup
from parley.domain.money import Money

__all__ = ["Markup", "failed_fee", "with_markup"]


def with_markup(fee: Money, markup: Markup) -> Money:
    """What a delivered message costs in all."""
    return Money(fee.amount * (1 + markup.percent / 100) + markup.per_message, fee.currency)


def failed_fee(markup: Markup, currency: str) -> Money:
    """What a message costs that was not delivered: WhatsApp itself charges nothing for it."""
    return Money(markup.per_failed, currency)

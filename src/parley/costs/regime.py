"""How WhatsApp charges, by date. Source: Meta, "Pricing", read 11 September 2026; the older ones from providers."""

from datetime import date
from enum import StrEnum
from functools import lru_cache


class Regime(StrEnum):
    """What is the unit, and what of it is free."""

    NOTIFICATION = "notification"
    """Until 31 January 2022: each delivered template outside the window. No public table of rates is known."""
    CONVERSATION = "conversation"
    """Until 31 May 2023: 24 hours of conversation, by who began it."""
    CONVERSATION_BY_CATEGORY = "conversation_by_category"
    """Until 30 June 2025: 24 hours of conversation in each category; of the service category none since 1 Nov 2024."""
    TEMPLATE_MESSAGE = "template_message"
    """Until 30 September 2026: each delivered template; utility is free inside the window."""
    MESSAGE = "message"
    """Since 1 October 2026: each delivered message; service beyond 1,000 a month, utility inside the window too."""


_BEGAN: tuple[tuple[date, Regime], ...] = (
    (date(2026, 10, 1), Regime.MESSAGE),
    (date(2025, 7, 1), Regime.TEMPLATE_MESSAGE),
    (date(2023, 6, 1), Regime.CONVERSATION_BY_CATEGORY),
    (date(2022, 2, 1), Regime.CONVERSATION),
    (date.min, Regime.NOTIFICATION),
)


@lru_cache(maxsize=1_000)
def regime_on(day: date) -> Regime:
    """`day` in the time zone of the WhatsApp account: a regime changes at its midnight."""
    return next(regime for began, regime in _BEGAN if began <= day)

"""The two regimes that a template may be written for, and their categories (whatsapp.md 1.1, 1.2)."""

from enum import StrEnum


class RuleSet(StrEnum):
    """Which regime a project writes for."""

    TRANSACTIONAL = "transactional"
    """The strict default: one of the ten categories that stood until September 2021, and no promotion."""
    CURRENT = "current"
    """Marketing, utility, authentication; since June 2023."""


TRANSACTIONAL = frozenset(
    {
        "ACCOUNT_UPDATE",
        "ALERT_UPDATE",
        "APPOINTMENT_UPDATE",
        "ISSUE_RESOLUTION",
        "PAYMENT_UPDATE",
        "PERSONAL_FINANCE_UPDATE",
        "RESERVATION_UPDATE",
        "SHIPPING_UPDATE",
        "TICKET_UPDATE",
        "TRANSPORTATION_UPDATE",
    }
)
"""The seed page's ten; Meta's until 15 September 2021."""
CURRENT = frozenset({"MARKETING", "UTILITY", "AUTHENTICATION"})
"""Since 1 June 2023."""


def is_in(category: str, rules: RuleSet) -> bool:
    """Is it one of the rule set's categories?"""
    known = TRANSACTIONAL if rules is RuleSet.TRANSACTIONAL else CURRENT
    return category.upper().replace(" ", "_") in known

"""The names of template categories, then and now, and what each of them is today: for the hand-in and for the price."""

from enum import StrEnum


class Filed(StrEnum):
    """As what WhatsApp files a template since 1 June 2023."""

    MARKETING = "MARKETING"
    UTILITY = "UTILITY"
    AUTHENTICATION = "AUTHENTICATION"


CURRENT = frozenset(Filed)
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


def written_plainly(category: str) -> str:
    """`Shipping update` is `SHIPPING_UPDATE`."""
    return category.strip().upper().replace(" ", "_")


def filed_today(category: str) -> Filed:
    """Each of the ten was for transactions only, and is utility (whatsapp.md 1.1, 1.2).

    A name that nobody knows is marketing: the dearest, and the only one for which nobody is blamed. Marketing that is
    handed in as utility is filed as marketing all the same, and costs the account its notice.
    """
    name = written_plainly(category)
    if name in CURRENT:
        return Filed(name)
    return Filed.UTILITY if name in TRANSACTIONAL else Filed.MARKETING

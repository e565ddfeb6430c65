"""The categories of templates, then and now."""

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

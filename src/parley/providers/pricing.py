"""What a delivery report says of the price, where it carries WhatsApp's own `pricing`.

Source: Meta, "Webhooks: status messages", read 2026-11 (whatsapp.md 2.2): `pricing` has `billable` (to be dropped; type
and category decide), `type` (`regular`, `free_customer_service`, `free_entry_point`) and `category`. Sinch's pages name
no such field in its reports; where one is passed on, it is read, and where none is, our own price counts.
"""

from typing import Any

from parley.domain.callback import Billed

_LONGEST_WORD = 60


def read_billed(item: dict[str, Any]) -> Billed | None:
    """None: the report says nothing of it."""
    pricing = item.get("pricing")
    if not isinstance(pricing, dict):
        return None
    kind, category = _word(pricing.get("type")), _word(pricing.get("category"))
    if kind is None and not isinstance(pricing.get("billable"), bool):
        return None
    free = kind.startswith("free") if kind is not None else pricing["billable"] is False
    return Billed(free, kind or "not billable", category)


def _word(value: Any) -> str | None:
    return value[:_LONGEST_WORD].lower() if isinstance(value, str) and value else None

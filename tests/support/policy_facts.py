"""Facts that break no rule, to change for a test what it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from parley.domain.consent import Action, ConsentEntry
from parley.domain.message import Kind
from parley.policy import Facts, OpenWindow, SenderFacts, TemplateFacts

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def good_facts(kind: str = "template", **changes: Any) -> Facts:
    """Alice: reachable, agreed yesterday, wrote an hour ago; an approved template, filled in."""
    good = Facts(
        kind=Kind(kind),
        recipient="421901000001",
        consent_category="whatsapp",
        consents=(ConsentEntry("whatsapp", Action.ACCEPT, NOW - timedelta(days=1)),),
        sender=SenderFacts("shop-whatsapp", "shop-bot"),
        window=OpenWindow(NOW - timedelta(hours=1), "IN-1"),
        template=TemplateFacts("cart_reminder", "en", "approved"),
    )
    return msgspec.convert(msgspec.to_builtins(good) | changes, Facts)

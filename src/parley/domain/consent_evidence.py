"""How a customer came to say it: what one shows to whoever asks for the proof of a consent."""

from collections.abc import Mapping
from typing import Any

import msgspec

LONGEST_TEXT = 4_000
"""Characters of the text that was shown; no consent form is longer, and more would fill the ledger."""
LONGEST_PROOF = 1_000
"""Characters of each other part: addresses of pages, user agents."""


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """All of it is optional: an old system may know nothing but the date."""

    address: str | None = None
    """The number or the WhatsApp user id that the customer had then."""
    shown_text: str | None = None
    """What the customer agreed to, word for word."""
    text_version: str | None = None
    form_url: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    document_id: str | None = None
    """Of a signed paper, a recording, a ticket."""
    message_id: str | None = None
    """The provider's id of the message in which the customer said it."""
    said: str | None = None
    """The customer's words in that message."""
    entered_by: str | None = None
    """Who wrote it down, where that was not the customer."""
    note: str | None = None


PROOF = ("form_url", "ip", "user_agent", "document_id", "message_id", "said", "entered_by", "note")
"""What is kept together, and goes when the customer is erased."""
_LONGEST = {"shown_text": LONGEST_TEXT}
_OTHER_NAMES = {"shown_text": ("shown_text", "message"), "text_version": ("text_version", "message_version")}
"""`message` is the word of Bloomreach's events for the text that was shown (exponea.md 4.4)."""


def longest(name: str) -> int:
    """Characters that a part may have."""
    return _LONGEST.get(name, LONGEST_PROOF)


def read_evidence(properties: Mapping[str, Any]) -> Evidence:
    """What the properties of a `consent` event tell of it. What is no text is left out: it proves nothing."""
    found = {
        name: value[: longest(name)]
        for name in ("shown_text", "text_version", *PROOF)
        for value in (_first(properties, _OTHER_NAMES.get(name, (name,))),)
        if value is not None
    }
    return Evidence(**found)


def _first(properties: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    values = (properties.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value), None)

"""What a customer said, in one shape for both APIs: docs/reference/inbound-fields.md is the reader's page of it."""

from datetime import datetime
from typing import Any

import msgspec


class Said(msgspec.Struct, frozen=True):
    """One message's content. `extra` holds what this kind has besides words: url, latitude, payload, ..."""

    type: str
    """The provider's word for the kind."""
    body: str = ""
    extra: dict[str, Any] = {}

    def tree(self) -> dict[str, Any]:
        """As `message` in the fields for the mapping. `type` and `body` are always there."""
        return {**without_nulls(self.extra), "type": self.type, "body": self.body}


def without_nulls(tree: dict[str, Any]) -> dict[str, Any]:
    """A null says as much as a missing key, and a template prints it worse."""
    return {key: value for key, value in tree.items() if value is not None}


def or_none(text: str | None) -> str | None:
    """An empty text of the provider's says "none"."""
    return text or None


def time_text(when: datetime | None) -> str | None:
    """As JSON writes it: `2026-05-01T10:00:00Z`."""
    return None if when is None else str(msgspec.to_builtins(when))

"""A customer for the tests of conditions."""

from datetime import datetime
from typing import Any

import msgspec


class EventOfTest(msgspec.Struct, frozen=True):
    """Something the customer did."""

    type: str
    occurred_at: datetime
    properties: dict[str, Any] = {}
    id: str = "event-0"


class ConsentOfTest(msgspec.Struct, frozen=True):
    """The customer's word in a category."""

    accepted: bool
    valid_until: datetime | None = None


class FactsOfTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is known."""

    attributes: dict[str, Any] = {}
    trigger: EventOfTest | None = None
    events: tuple[EventOfTest, ...] = ()
    consents: dict[str, ConsentOfTest] = {}


def facts_of(raw: dict[str, Any]) -> FactsOfTest:
    """From a case; what is left out is empty."""
    return msgspec.convert(raw, FactsOfTest)

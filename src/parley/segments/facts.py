"""What a condition looks at. Protocols: whoever holds the facts hands them in as they are, without a copy."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol


class EventFact(Protocol):
    """Something a customer did."""

    @property
    def id(self) -> str:
        """Breaks the tie between two events of the same moment."""

    @property
    def type(self) -> str:
        """`cart_update`, `purchase`, ..."""

    @property
    def occurred_at(self) -> datetime:
        """The event's own time, aware."""

    @property
    def properties(self) -> Mapping[str, Any]:
        """Any JSON."""


class ConsentFact(Protocol):
    """The last word of a customer in one consent category."""

    @property
    def accepted(self) -> bool:
        """False when it was rejected or revoked."""

    @property
    def valid_until(self) -> datetime | None:
        """None: unlimited."""


class Facts(Protocol):
    """All that is known of one customer for one decision."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The customer's attributes, any JSON."""

    @property
    def trigger(self) -> EventFact | None:
        """The event that started the journey; None when nothing did."""

    @property
    def events(self) -> Sequence[EventFact]:
        """At least those that `needs` asks for, in any order; more does no harm."""

    @property
    def consents(self) -> Mapping[str, ConsentFact]:
        """By category. A category that was never asked for is missing."""

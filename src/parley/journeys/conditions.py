"""How conditions are read and judged: handed in, because rooms side by side do not see each other.

The module `parley.segments` fits this protocol as it is: `parse_scenario(data, segments)`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from parley.journeys.facts import Facts


class Need(Protocol):
    """A condition looks at events of one type, so far back."""

    @property
    def type(self) -> str:
        """The event type."""

    def earliest(self, started_at: datetime | None, now: datetime) -> datetime | None:
        """From when on (inclusive) it looks; None for ever."""


class Conditions(Protocol):
    """The language of conditions. What `parse_*` return is opaque here and only handed back."""

    def parse_condition(self, raw: object, field: str, /) -> Any:
        """Raises InvalidInputError with paths that begin with `field`."""

    def parse_filter(self, raw: object, field: str, /) -> Any:
        """A condition on one event's properties. Raises InvalidInputError."""

    def parse_audience(self, raw: object, field: str, /) -> Any:
        """A condition where no event is the start. Raises InvalidInputError."""

    def holds(self, condition: Any, facts: Facts, now: datetime, /) -> bool:
        """Never raises."""

    def explain(self, condition: Any, facts: Facts, now: datetime, /) -> str:
        """What decided, for the log; without the customer's values."""

    def matches(self, condition: Any, properties: Mapping[str, Any], now: datetime, /) -> bool:
        """Never raises."""

    def needs(self, condition: Any, /) -> Sequence[Need]:
        """The events it looks at."""

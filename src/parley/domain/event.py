"""What a customer did, or what happened to one. Events are never changed."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec


class NewEvent(msgspec.Struct, frozen=True):
    """An event that wants to be recorded."""

    customer_id: UUID
    type: str
    occurred_at: datetime
    properties: Mapping[str, Any] = {}
    client_event_id: str | None = None
    """The client's own id: a retried event then counts once."""
    time_given: bool = False
    """Did the client say when it happened? Then an identical event is the same one, sent again."""
    source: str = "private_api"
    """Who says so (parley.domain.consent.SOURCES): decides what a `consent` event may change."""

    def sameness(self) -> str | None:
        """Equal for two events of a customer that count once; None when nothing tells."""
        return sameness(self.type, self.occurred_at, self.properties, self.client_event_id, time_given=self.time_given)


def sameness(
    event_type: str, at: datetime, properties: Mapping[str, Any], client_event_id: str | None, *, time_given: bool
) -> str | None:
    """As `NewEvent.sameness`, of one whose customer has yet to be found.

    The store's indexes go by this: an `is:` says the time too, an `id:` counts once whatever the time.
    """
    if client_event_id is not None:
        return f"id:{client_event_id}"
    if time_given:
        said = msgspec.json.encode((event_type, at, properties), order="sorted")
        return f"is:{blake2b(said, digest_size=16).hexdigest()}"
    return None


class Event(msgspec.Struct, frozen=True):
    """An event as recorded."""

    id: UUID
    customer_id: UUID
    type: str
    occurred_at: datetime
    properties: Mapping[str, Any]

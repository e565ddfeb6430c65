"""What a journey is told at each step: the customer as known now, what happened, and why it is woken."""

from datetime import datetime
from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True):
    """Something the customer did or that happened to them."""

    id: str
    type: str
    occurred_at: datetime
    """The event's own time, aware."""
    properties: dict[str, Any] = {}


class Consent(msgspec.Struct, frozen=True):
    """The customer's last word in one category."""

    accepted: bool
    valid_until: datetime | None = None
    """None: unlimited."""


class Timer(msgspec.Struct, frozen=True, tag="timer"):
    """The journey is woken because its due time came, or because it is new."""


class Reply(msgspec.Struct, frozen=True, tag="reply"):
    """The journey is woken because the customer wrote."""

    message_id: str
    occurred_at: datetime
    """The message's own time, aware."""
    text: str = ""
    title: str = ""
    """Of a tapped button or list row."""
    payload: str = ""
    """Of a tapped button or list row."""


Signal = Timer | Reply


class Facts(msgspec.Struct, frozen=True):
    """One customer at one moment. Load at least the events that `journeys.needs` asks for; more does no harm."""

    attributes: dict[str, Any] = {}
    trigger: Event | None = None
    """The event that started the journey, the one whose id the Journey carries."""
    events: tuple[Event, ...] = ()
    consents: dict[str, Consent] = {}
    """By category."""
    signal: Signal = Timer()

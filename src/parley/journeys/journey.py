"""One customer's way through one scenario: a small value that rests as a row while the customer waits."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

from parley.journeys.effects import Effect

Status = Literal["active", "waiting", "ended"]
Awaiting = Literal["time", "reply"]


class Journey(msgspec.Struct, frozen=True):
    """Where the customer stands. Survives JSON unchanged."""

    scenario: str
    version: str
    """Of the definition that last moved the journey."""
    node: str
    started_at: datetime
    trigger_event_id: str
    trigger_at: datetime
    """The trigger event's own time: what `since: start` counts from."""
    status: Status = "active"
    due_at: datetime | None = None
    """While waiting: when to advance even if nothing happens. Always set then."""
    awaiting: Awaiting | None = None
    """While waiting: `reply` means that an inbound message must advance it too."""
    reason: str | None = None
    """Once ended: why."""
    results: dict[str, Any] = {}
    """What the nodes found out; `reply` holds the last answer (text, keyword, message_id, node)."""


class Happened(StrEnum):
    """What a node did: the closed list of the explanation log (docs/reference/scenarios.md)."""

    STARTED = "started"
    CHANGED = "definition_changed"
    WAITING = "waiting"
    WAITED = "waited"
    CHOSEN = "chosen"
    WAITING_FOR_REPLY = "waiting_for_reply"
    REPLIED = "replied"
    OTHER_REPLY = "other_reply"
    TIMED_OUT = "timed_out"
    ASKED = "asked"
    """An effect was handed over; whether it may be carried out is for others to say."""
    ENDED = "ended"
    STOPPED = "stopped"
    """The journey ended against the author's plan: see the detail."""


class TrailEntry(msgspec.Struct, frozen=True):
    """One line of the explanation log."""

    node: str
    happened: Happened
    branch: str | None = None
    """Which exit was taken: next, then, else, otherwise, on_timeout, or replies.KEYWORD."""
    detail: str | None = None


class Advance(msgspec.Struct, frozen=True):
    """What one call of the engine came to."""

    journey: Journey
    effects: tuple[Effect, ...] = ()
    trail: tuple[TrailEntry, ...] = ()

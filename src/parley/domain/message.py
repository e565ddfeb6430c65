"""A message to a customer: its kinds, its states, and what the provider's answer to a send can mean."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What leaves. The kind decides which rules apply (parley.policy)."""

    TEMPLATE = "template"
    """Any time, after consent, approved, paid."""
    TEXT = "text"
    """Free text: only while the customer's 24-hour window is open."""
    MEDIA = "media"
    """Image, video, document, audio, location: as free text."""
    CONSENT = "consent"
    """Tells the provider that a number opted in or out."""
    WEBHOOK = "webhook"
    """A call of the user's own preset: no message reaches the customer by it."""


class State(StrEnum):
    """Where a message stands. States move forward by rank only: see `may_become`."""

    PLANNED = "planned"
    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    """We called and do not know whether the provider accepted. Sent again by a person or the project's rule only."""
    ACCEPTED = "accepted"
    SENT = "sent"
    """WhatsApp has it, the phone does not."""
    DELIVERED = "delivered"
    READ = "read"
    REFUSED = "refused"
    """By our own policy: it never left."""
    FAILED = "failed"
    """By the provider, finally."""
    EXPIRED = "expired"
    CANCELLED = "cancelled"


WINDOW_CLOSED = "window_closed"
"""Why a free text is not sent, or not delivered: the customer's last message is too long ago."""

RANKS: dict[State, int] = {
    State.PLANNED: 0,
    State.QUEUED: 1,
    State.SENDING: 2,
    State.UNCERTAIN: 3,
    State.ACCEPTED: 4,
    State.SENT: 5,
    State.FAILED: 6,  # a delivery report may follow a wrong "failed" and wins over it
    State.DELIVERED: 7,
    State.READ: 8,
    State.REFUSED: 9,
    State.EXPIRED: 9,
    State.CANCELLED: 9,
}
"""Callbacks come twice, late and out of order: only a higher rank changes a message."""


HAVE_LEFT = frozenset(
    {State.SENDING, State.UNCERTAIN, State.ACCEPTED, State.SENT, State.DELIVERED, State.READ}
)  # fmt: skip
"""The customer has the message, or may have: it counts in how often somebody is written to."""

GOES_WELL = frozenset({State.SENDING, State.ACCEPTED, State.SENT, State.DELIVERED, State.READ})
"""Needs no reason: one that is kept with it is of an earlier try."""


def may_become(now: State, then: State) -> bool:
    """Does a report of `then` change a message that stands at `now`?"""
    return RANKS[then] > RANKS[now]


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The provider took it. `message_ids` are in the order of the recipients of the call; empty when it gives none."""

    message_ids: tuple[str, ...] = ()


class Remedy(StrEnum):
    """What a send that was not accepted asks of us: a closed list."""

    RETRY = "retry"
    """A passing fault: the same request may be made again, with back-off."""
    WAIT = "wait"
    """Too fast: again after the provider's own delay."""
    REFUSE_PERSON = "refuse_person"
    """Final for this recipient; others go on."""
    STOP_SENDER = "stop_sender"
    """Credentials, billing or configuration: nothing more leaves by this sender until a person looks."""
    STOP_TEMPLATE = "stop_template"
    """This template cannot be used; others can."""
    ASK = "ask"
    """Nobody knows whether it was accepted: the message becomes *uncertain*."""


class NotAccepted(msgspec.Struct, frozen=True, tag="not_accepted"):
    """The provider did not take it, or we cannot know."""

    code: str
    """Stable, lower case with underscores: `unauthorized`, `rate_limited`."""
    sentence: str
    """What happened and what to do, for the user."""
    remedy: Remedy
    retry_after: float | None = None
    """Seconds the provider asked us to wait."""


Outcome = Accepted | NotAccepted

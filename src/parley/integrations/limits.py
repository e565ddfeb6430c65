"""How fast an account may send: what its file says, or what is known of its API."""

from typing import Annotated

import msgspec

MOST_A_SECOND = 1_000
"""WhatsApp's own ceiling for one number (80 a second until it is raised). Meta, "Throughput", read 2026-09."""

Messages = Annotated[float, msgspec.Meta(gt=0, le=MOST_A_SECOND)]
Requests = Annotated[float, msgspec.Meta(gt=0)]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Left out: the default of the API. Null: none."""

    messages_per_second: Messages | msgspec.UnsetType | None = msgspec.UNSET
    """By this account."""
    requests_per_second: Requests | msgspec.UnsetType | None = msgspec.UNSET
    """By all accounts of one project at the provider."""
    pair_rate: bool = True
    """WhatsApp's own: one message in 6 seconds to one person, after a burst of 45 (parley.policy.pair_rate)."""


MESSAGES_PER_SECOND = {
    "sinch_legacy": 20.0,  # no rate of sending is published; capability requests may come at 20 (sinch.md 1.9)
    "sinch_conversation": 20.0,  # "drain" of one app, others say 25 (sinch.md 2.4, read 2026-09)
}
REQUESTS_PER_SECOND = {
    "sinch_legacy": None,
    "sinch_conversation": 800.0,  # of one project (sinch.md 2.4, read 2026-09)
}


def or_default(value: float | msgspec.UnsetType | None, default: float | None) -> float | None:
    """What the file says wins, and so does null."""
    return default if isinstance(value, msgspec.UnsetType) else value

"""How much an account may send: what its file says, or what is known of its API."""

from typing import Annotated, Literal

import msgspec

MOST_A_SECOND = 1_000
"""WhatsApp's own ceiling for one number (80 a second until it is raised). Meta, "Throughput", read 2026-09."""

Messages = Annotated[float, msgspec.Meta(gt=0, le=MOST_A_SECOND)]
Requests = Annotated[float, msgspec.Meta(gt=0)]
Level = Literal["50", "250", "1K", "2K", "10K", "100K", "unlimited"]
People = Annotated[int, msgspec.Meta(ge=1)]
Portfolio = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]

LEVELS: dict[Level, int | None] = {
    "50": 50,  # a value of Meta's field that its page does not explain
    "250": 250,  # since 2022
    "1K": 1_000,  # until 6 October 2025
    "2K": 2_000,  # since 7 October 2025
    "10K": 10_000,
    "100K": 100_000,
    "unlimited": None,  # since 2022
}
"""People within 24 hours. Meta, "Messaging limits" (21 May 2026), read 2026-09 (whatsapp.md 4.1)."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Left out: the default of the API. Null: none."""

    messages_per_second: Messages | msgspec.UnsetType | None = msgspec.UNSET
    """By this account."""
    requests_per_second: Requests | msgspec.UnsetType | None = msgspec.UNSET
    """By all accounts of one project at the provider: what is sent, and nothing else that is asked there."""
    pair_rate: bool = True
    """WhatsApp's own: one message in 6 seconds to one person, after a burst of 45 (parley.policy.pair_rate)."""
    tier: Level | People | None = None
    """WhatsApp's own: people reached outside their windows within 24 hours (parley.policy.recipient_tier). A number is
    for who leaves room for others that send by it. None when left out: it grows by itself, and only its owner knows it.
    """
    portfolio: Portfolio | None = None
    """Accounts that name the same share one count: a tier is a business portfolio's since 7 October 2025."""


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

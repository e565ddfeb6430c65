"""What WhatsApp thinks of the shop: the business account, its one sender, quality and tier (sinch.md 3.1, 3.3)."""

from datetime import datetime
from typing import Literal

import msgspec

from parley_simulator.chance import Chance
from parley_simulator.clock import Clock
from parley_simulator.templates import Quality

AccountState = Literal["ONBOARDED", "PENDING_FACEBOOK_VERIFICATION", "REJECTED"]
Tier = Literal[
    "NOT_SET", "TIER_50", "TIER_250", "TIER_1K", "TIER_2K", "TIER_10K", "TIER_100K", "TIER_UNLIMITED",
]  # fmt: skip

# How many people a sender may write to first in 24 hours; the two others set no limit.
REACHES: dict[Tier, int] = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_1K": 1_000,
    "TIER_2K": 2_000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
}


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """Where the project hears of accounts, senders and templates."""

    id: str
    target: str
    triggers: tuple[str, ...]
    secret: str = ""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The account with its one sender. `quality_rating` is the sender's, `daily_limit` is shared by all there are."""

    waba_id: str
    sender_id: str
    created: datetime
    modified: datetime
    state: AccountState = "ONBOARDED"
    quality_rating: Quality = "GREEN"
    daily_limit: Tier = "TIER_UNLIMITED"
    hooks: tuple[Hook, ...] = ()


def new_account(chance: Chance, clock: Clock) -> Account:
    """An account of its own for this seed."""
    now = clock.now()
    waba_id = str(int(chance.word(12), 16) + 10**14)
    return Account(waba_id=waba_id, sender_id=chance.uuid(), created=now, modified=now)

"""Has this account reached as many people in 24 hours as its tier allows?

WhatsApp counts the people whom templates of any category reach outside their open window, each once, within the last
24 hours: of one number, since 7 October 2025 of all numbers of a business portfolio. Source: Meta, "Messaging limits"
(21 May 2026), read 2026-09 (whatsapp.md 4.1). Here they are counted by slices: whoever is reached again later counts in
the later slice only, and a place is free again 24 hours after the end of its slice, late by one slice at most.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from parley.policy import window_open
from parley.policy.facts import Facts, TierFacts
from parley.policy.verdict import Allow, Defer, Verdict

SPAN = timedelta(hours=24)
SLICE = timedelta(minutes=5)
_REMEDY = (
    "Nothing need be done: it leaves when a place is free. When WhatsApp has raised the tier, raise limits.tier in the "
    "integration's file and apply it."
)
_ORIGIN = datetime(2025, 10, 7, tzinfo=UTC)


def check(facts: Facts, now: datetime) -> Verdict:
    """Asked when a message is about to leave; what others have used meanwhile is not known when it is planned."""
    tier = facts.tier
    if tier is None:
        return Allow({"tier": "none, or not looked at yet"})
    if not counts(facts, now):
        return Allow({"tier": tier.name, "window": "open, it does not count"})
    evidence = {"tier": tier.name, "people": tier.most, "reached": tier.reached, "counted": tier.counted}
    if tier.free_at is None:
        return Allow(evidence)
    return Defer(tier.free_at, "recipient_tier", _sentence(tier, tier.free_at), _REMEDY, evidence)


def counts(facts: Facts, now: datetime) -> bool:
    """Would this template reach somebody outside an open window with its recipient?"""
    window = facts.window
    return window is None or not window.by_recipient or not window_open.is_open(window.last_inbound_at, now)


def slice_of(now: datetime) -> datetime:
    """Its begin."""
    return now - (now - _ORIGIN) % SLICE


def free_after(begins_at: datetime) -> datetime:
    """When who was counted in that slice counts no more."""
    return begins_at + SLICE + SPAN


def next_free(recipients: Mapping[datetime, int], expected: Mapping[datetime, int], most: int) -> datetime:
    """The slice whose end of counting frees the first place that no other message was told of.

    When all are spoken for, the last one: looked at again then. `recipients` and `expected` by slices that count now.
    """
    used = sum(recipients.values())
    for begins_at in sorted(recipients):
        used += expected.get(begins_at, 0) - recipients[begins_at]
        if used < most:
            return begins_at
    return max(recipients)


def _sentence(tier: TierFacts, until: datetime) -> str:
    return (
        f"{tier.name} has reached {tier.reached} people within 24 hours, and its tier is {tier.most}. The next place "
        f"is free at {until:%Y-%m-%d %H:%M} UTC."
    )

"""Has this account written to this person too often just now?

WhatsApp takes one message in 6 seconds from one number to one person, and up to 45 at once that are paid back by later
quiet; beyond that it answers 131056. Source: Meta, "Throughput", read 2026-09 (whatsapp.md 4.2).
"""

from datetime import datetime, timedelta

from parley.policy.facts import Facts
from parley.policy.verdict import Allow, Defer, Verdict

EACH = timedelta(seconds=6)
BURST = 45
_EACH_SECONDS = EACH.total_seconds()
MOST_OWED = 2 * EACH * BURST
"""A burst, and one that the provider found used up. A time further away is of a clock that stepped: it says nothing."""


def check(facts: Facts, now: datetime) -> Verdict:
    """Asked when a message is about to leave; nothing is known of the pair when it is planned."""
    pair = facts.pair
    if pair is None:
        return Allow({"pair": "not limited, or not looked at yet"})
    paid_until = owed(pair.paid_until, now)
    evidence = {"paid_until": paid_until, "each_seconds": _EACH_SECONDS, "burst": BURST}
    until = paid_until - EACH * (BURST - 1)
    if until <= now:
        return Allow(evidence)
    return Defer(
        until,
        "pair_rate",
        f"This account has written to this person {BURST} times at once; WhatsApp takes one more every "
        f"{_EACH_SECONDS:.0f} seconds. It leaves at {until:%H:%M:%S} UTC at the earliest.",
        "Nothing need be done: it leaves by itself. Send fewer messages, or put several into one.",
        evidence,
    )


def owed(paid_until: datetime | None, now: datetime) -> datetime:
    """Until when the pair is paid for, seen from now."""
    if paid_until is None or paid_until > now + MOST_OWED:
        return now
    return max(paid_until, now)

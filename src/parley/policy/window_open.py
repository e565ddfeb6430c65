"""Is the customer's 24-hour window open? Free text and media may leave only then.

Counted from the customer's last message by its own time, with a safety margin: WhatsApp refuses what comes late
(error 131047), and admits rare refusals close to the edge. Source: Meta, "Customer service windows", read 2026-09.
"""

from datetime import datetime, timedelta

from parley.policy.facts import Facts
from parley.policy.verdict import Allow, Deny, Verdict

WINDOW = timedelta(hours=24)
MARGIN = timedelta(seconds=60)

_REMEDY = "Send an approved template that invites an answer; when the customer answers, the window opens."


def check(facts: Facts, now: datetime) -> Verdict:
    """Never because of a consent: an inbound message opens the window, and only that."""
    window = facts.window
    if window is None:
        return Deny("window_never_opened", "The customer has never written to this account.", _REMEDY)
    evidence = {"inbound": window.inbound_id, "at": window.last_inbound_at}
    if not is_open(window.last_inbound_at, now):
        return Deny(
            "window_closed",
            f"The customer's last message is older than 24 hours: {window.last_inbound_at:%Y-%m-%d %H:%M:%S} UTC.",
            _REMEDY,
            evidence,
        )
    return Allow(evidence)


def is_open(last_inbound_at: datetime, now: datetime) -> bool:
    """A message dated in the future (a provider's wrong clock) opens nothing beyond 24 hours from now."""
    return min(last_inbound_at, now) + WINDOW - MARGIN > now

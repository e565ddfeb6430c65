"""Has this customer had as many messages lately as the project's frequency policies allow?

Each policy counts the messages that it covers and that have left: taken by the provider, under way, or uncertain. All
policies of a project are asked. What would have to wait too long is refused.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from parley.policy.facts import Facts, FrequencyFacts, LimitFacts
from parley.policy.periods import counts_until, span_of
from parley.policy.verdict import Allow, Defer, Deny, Verdict

_NONE = Allow({"frequency": "no policy"})
_REMEDY = (
    "Send less often, or raise the limit in the frequency policy's file and apply it (docs/reference/frequency.md). "
    "Messages that must arrive belong into a category that the policy does not cover."
)


class _Full(msgspec.Struct, frozen=True):
    """A limit that is reached, and until when."""

    until: datetime
    policy: FrequencyFacts
    limit: LimitFacts


def check(facts: Facts, now: datetime) -> Verdict:
    """Of several limits that are reached the one that lasts longest decides."""
    if not facts.frequency:
        return _NONE
    full = max(_full(facts, now), key=lambda one: one.until, default=None)
    if full is None:
        return Allow({one.policy: one.segment or "no segment" for one in facts.frequency})
    evidence = {
        "policy": full.policy.policy,
        "segment": full.policy.segment,
        "at_most": full.limit.at_most,
        "per": full.limit.per,
        "counted_from": full.limit.nth_at,
        "until": full.until,
    }
    wait = span_of(full.policy.wait_at_most)
    too_late = facts.expires_at is not None and facts.expires_at <= full.until
    if too_late or (wait is not None and now + wait < full.until):
        return Deny("frequency_reached", _sentence(full), _REMEDY, evidence)
    return Defer(full.until, "frequency_waits", _sentence(full), f"It leaves by itself then. {_REMEDY}", evidence)


def _full(facts: Facts, now: datetime) -> Iterator[_Full]:
    template_category = facts.template.category if facts.template else None
    last_inbound_at = facts.window.last_inbound_at if facts.window else None
    for policy in facts.frequency:
        if policy.exemption.covers(facts.consent_category, template_category, last_inbound_at, now) is not None:
            continue
        for limit in policy.limits:
            until = counts_until(limit.per, limit.nth_at, policy.zone) if limit.nth_at is not None else now
            if until > now:
                yield _Full(until, policy, limit)


def _sentence(full: _Full) -> str:
    times = "message" if full.limit.at_most == 1 else "messages"
    per = full.limit.per.removeprefix("calendar ")
    return (
        f"The frequency policy {full.policy.policy} allows this customer {full.limit.at_most} {times} in {_a(per)}, "
        f"and so many have left. The next may leave at {full.until:%Y-%m-%d %H:%M:%S} UTC."
    )


def _a(per: str) -> str:
    return per if per[0].isdigit() else f"a calendar {per}"

"""Is it a time of the day at which this customer wants to be left alone? By the customer's own clock.

The project's settings say the hours. The customer's zone comes from an attribute, else from the phone number, else it
is the project's. A number may be used in several zones: then it must be outside the quiet hours in all of them, and
where that never happens, the project's own zone counts.
"""

from datetime import datetime

from parley.domain.zones import zone_named
from parley.policy.facts import Facts, QuietFacts
from parley.policy.quiet_time import quiet_until
from parley.policy.verdict import Allow, Defer, Verdict

NONE = Allow({"quiet_hours": "none"})
_REMEDY = (
    "Nothing need be done: it leaves when the quiet hours end. What may leave at any time is named under "
    "quiet_hours.except in the project's settings (docs/reference/settings.md)."
)


def check(facts: Facts, now: datetime) -> Verdict:
    """Waits until the quiet hours end; answers in an open conversation and what the settings except do not wait."""
    quiet = facts.quiet
    if quiet is None or facts.kind not in quiet.hours.kinds:
        return NONE
    excepted = quiet.hours.exemption.covers(
        facts.consent_category,
        facts.template.category if facts.template else None,
        facts.window.last_inbound_at if facts.window else None,
        now,
    )
    if excepted is not None:
        return Allow({"excepted": excepted})
    zones, until = quiet.zones, quiet_until(quiet.hours.spans, quiet.zones, now)
    if until is None:
        zones = (quiet.project,)
        until = quiet_until(quiet.hours.spans, zones, now) or now
    evidence: dict[str, object] = {"zones": zones, "zone_from": quiet.zone_from if zones is quiet.zones else "project"}
    if quiet.unusable is not None:
        evidence["unusable_zone"] = quiet.unusable
    return Allow(evidence) if until <= now else _later(quiet, zones, until, now, evidence)


def _later(
    quiet: QuietFacts, zones: tuple[str, ...], until: datetime, now: datetime, evidence: dict[str, object]
) -> Defer:
    asleep = next(name for name in zones if quiet_until(quiet.hours.spans, (name,), now) != now)
    zone = zone_named(asleep)
    return Defer(
        until,
        "quiet_hours",
        f"It is {now.astimezone(zone):%H:%M} in {asleep}, within the quiet hours. They end at "
        f"{until.astimezone(zone):%Y-%m-%d %H:%M} there, {until:%Y-%m-%d %H:%M} UTC.",
        _REMEDY,
        {**evidence, "until": until},
    )

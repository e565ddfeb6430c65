"""Is the provider still to be told that this person agrees?

Sinch's WhatsApp API (legacy) could refuse, for good, a template to a number that it did not know as opted in
(`no_opt_in`, sinch.md 1.6). A template that comes together with the consent must not overtake it.
"""

from datetime import datetime, timedelta

from parley.policy.facts import Facts
from parley.policy.verdict import Allow, Defer, Verdict

SHORTEST, LONGEST = timedelta(seconds=1), timedelta(minutes=1)
"""The outcome of the upload makes it due. Where that is missed, it is looked at again after as long as the upload has
waited, within these.
"""
_TOLD = Allow()


def check(facts: Facts, now: datetime) -> Verdict:
    """Asked when a template is about to leave. An upload that failed holds up nothing: the provider has the word."""
    since = facts.opt_in_waits_since
    if since is None:
        return _TOLD
    until = now + min(max(now - since, SHORTEST), LONGEST)
    return Defer(
        until,
        "consent_upload_pending",
        f"The provider has yet to take the upload of {since:%Y-%m-%d %H:%M:%S} UTC that says that this person agrees. "
        f"It is looked at again by {until:%H:%M:%S} UTC.",
        "Nothing need be done: it leaves when the upload has been taken, or has failed. See `parley consent uploads`.",
        {"opt_in_waits_since": since},
    )

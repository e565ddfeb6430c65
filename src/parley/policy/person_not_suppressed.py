"""Is the person one to whom nothing, or nothing that promotes, may be sent?

A STOP is lifted by an agreement that came after it. What the person's own keyword is answered with still goes out: the
one confirmation of a STOP, the answer to HELP.
"""

from datetime import datetime

from parley.domain.suppression import Reason, Suppression
from parley.policy.facts import Facts
from parley.policy.verdict import Allow, Deny, Verdict

_NOT_LISTED = Allow()
_SENTENCES = {
    Reason.STOP: "The person wrote STOP on {since:%Y-%m-%d %H:%M:%S} UTC and has not agreed again since.",
    Reason.PROVIDER: "The person stopped {what} from this business at WhatsApp or the provider on {since:%Y-%m-%d}.",
    Reason.OPERATOR: "The address was put on the suppression list on {since:%Y-%m-%d}.",
}
_REMEDIES = {
    Reason.STOP: "Nothing may be sent until the person writes START or agrees anew: write that down with "
    "`parley consent grant`.",
    Reason.PROVIDER: "Only the person can take that back; when you know of it: `parley suppression remove ADDRESS`.",
    Reason.OPERATOR: "`parley suppression list` says who put it there and why; `parley suppression remove ADDRESS`.",
}


def check(facts: Facts, now: datetime) -> Verdict:
    """One line of the list that covers the message is enough."""
    if not facts.suppressions:
        return _NOT_LISTED
    for one in facts.suppressions:
        if one.covers(facts.promotes) and not _is_lifted(one, facts, now):
            return _refusal(one)
    return Allow({"suppressions": len(facts.suppressions), "answers": facts.answers, "agreed_at": facts.agreed_at})


def _is_lifted(one: Suppression, facts: Facts, now: datetime) -> bool:
    if one.reason is not Reason.STOP:
        return False
    agreed_again = facts.agreed_at is not None and one.since < facts.agreed_at <= now
    return agreed_again or facts.answers is not None


def _refusal(one: Suppression) -> Deny:
    what = "marketing" if one.scope == "marketing" else "messages"
    sentence = _SENTENCES[one.reason].format(since=one.since, what=what)
    evidence = {"reason": one.reason, "scope": one.scope, "since": one.since}
    return Deny("suppressed", sentence, _REMEDIES[one.reason], evidence)

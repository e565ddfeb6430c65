"""Is what the provider would be told of a consent still what the customer says?

An opt-in that waited while the customer wrote STOP must not undo it there. An opt-out may always leave: an author may
have reasons of their own, and it does no harm.
"""

from collections import defaultdict
from datetime import datetime

from parley.domain.consent import ConsentEntry, is_granted, standing
from parley.policy.facts import Facts
from parley.policy.verdict import Allow, Deny, Verdict

OPT_IN, OPT_OUT = "opt_in", "opt_out"
"""The words of the shipped presets, in their field `action`."""
_REMEDY = "Nothing need be done. Whoever agrees by other means than a consent event: write it down, then upload it."


def check(facts: Facts, now: datetime) -> Verdict:
    """In the category that the upload names; else an agreement in any category keeps the number opted in."""
    if facts.upload != OPT_IN:
        return Allow({"upload": facts.upload})
    agreed = _agreed(facts, now)
    evidence = {"upload": facts.upload, "agreed": agreed}
    if not agreed:
        return Deny("upload_outdated", "The customer does not agree to messages (any more).", _REMEDY, evidence)
    return Allow(evidence)


def _agreed(facts: Facts, now: datetime) -> list[str]:
    said: dict[str, list[ConsentEntry]] = defaultdict(list)
    for entry in facts.consents:
        said[entry.category].append(entry)
    agreed = [name for name, entries in said.items() if is_granted(None, standing(entries, now), now)]
    if not said and facts.legitimate_interest and facts.consent_category is not None:
        return [facts.consent_category]
    return agreed

"""Has the customer agreed, in the category of the message? A template may leave only then.

The state of a consent is a fold over the ledger: of the entries already in force, the last one by time counts.
"""

from datetime import datetime

from parley.policy.facts import ConsentEntry, Facts
from parley.policy.verdict import Allow, Deny, Verdict

_ASK = "Ask the customer, then track a consent event with action accept (docs/reference/tracking-api.md)."


def check(facts: Facts, now: datetime) -> Verdict:
    """Denies what was never given, was revoked, has expired, or was malformed."""
    category = facts.consent_category
    entry = in_force(facts.consents, now)
    if entry is None:
        return _never_asked(facts)
    evidence = {
        "category": category,
        "consent": entry.id,
        "since": entry.valid_from.isoformat(),
        "source": entry.source,
    }
    if entry.action != "accept":
        return Deny("consent_revoked", _sentence(entry, category), _ASK, evidence)
    if entry.valid_until is not None and entry.valid_until <= now:
        evidence["until"] = entry.valid_until.isoformat()
        return Deny(
            "consent_expired", f"The consent in {category} ended on {entry.valid_until:%Y-%m-%d}.", _ASK, evidence
        )
    return Allow(evidence)


def in_force(entries: tuple[ConsentEntry, ...], now: datetime) -> ConsentEntry | None:
    """The last entry whose time has come. Of two at the same moment the refusing one counts: the safe side."""
    begun = [entry for entry in entries if entry.valid_from <= now]
    return max(begun, key=lambda entry: (entry.valid_from, entry.action != "accept"), default=None)


def _never_asked(facts: Facts) -> Verdict:
    if facts.legitimate_interest:
        return Allow({"category": facts.consent_category, "legitimate_interest": True})
    return Deny(
        "no_consent",
        f"The customer never agreed to messages in the category {facts.consent_category}.",
        _ASK,
        {"category": facts.consent_category},
    )


def _sentence(entry: ConsentEntry, category: str | None) -> str:
    if entry.action == "invalid":
        return f"The last consent event in {category} was malformed, which counts as revoked."
    return f"The customer revoked the consent in {category} on {entry.valid_from:%Y-%m-%d}."

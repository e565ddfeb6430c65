"""Has the customer agreed, in the category of the message? A template may leave only then, and so may a call of a
user's own preset whose author names a category.

The state of a consent is a fold over the ledger: of the entries already in force, the last one by time counts.
"""

from datetime import datetime

from parley.domain.consent import Action, ConsentEntry, is_granted, standing
from parley.domain.double_opt_in import unanswered
from parley.policy.facts import Facts
from parley.policy.verdict import Allow, Deny, Verdict

_ASK = "Ask the customer, then track a consent event with action accept (docs/reference/tracking-api.md)."
_CONFIRM = (
    "Ask for the confirmation: by a link, or by a word that the customer writes (docs/how-to/collect-consent.md)."
)


def check(facts: Facts, now: datetime) -> Verdict:
    """Denies what was never given, was not confirmed, was revoked, has expired, or was malformed."""
    category = facts.consent_category
    if category is None:
        return Allow({"category": "none asked for"})
    entry = standing(facts.consents, now)
    if not is_granted(None, entry, now) and not (entry is None and facts.legitimate_interest):
        question = unanswered(facts.consents, now)
        if question is not None:
            return _unconfirmed(question, now)
    if entry is None:
        return _never_asked(facts)
    evidence = {
        "category": category,
        "consent": entry.event_id,
        "since": entry.valid_from,
        "source": entry.source,
    }
    if entry.action is not Action.ACCEPT:
        return Deny("consent_revoked", _sentence(entry, category), _ASK, evidence)
    if entry.valid_until is not None and entry.valid_until <= now:
        sentence = f"The consent in {category} ended on {entry.valid_until:%Y-%m-%d}."
        return Deny("consent_expired", sentence, _ASK, {**evidence, "until": entry.valid_until})
    return Allow(evidence)


def _unconfirmed(question: ConsentEntry, now: datetime) -> Deny:
    until = question.confirm_until
    over = until is not None and until <= now
    said = f"The customer agreed in {question.category} on {question.valid_from:%Y-%m-%d}"
    rest = "did not confirm it in time" if over else "has yet to confirm it"
    by = f", which was possible until {until:%Y-%m-%d %H:%M} UTC" if until else ""
    evidence = {"category": question.category, "asked": question.valid_from, "until": until, "source": question.source}
    return Deny("consent_unconfirmed", f"{said} and {rest}{by}.", _ASK if over else _CONFIRM, evidence)


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
    if entry.action is Action.INVALID:
        return f"The last consent event in {category} was malformed, which counts as revoked."
    return f"The customer revoked the consent in {category} on {entry.valid_from:%Y-%m-%d}."

"""Is there a number, or a WhatsApp user, to send to?"""

from datetime import datetime

from parley.domain.message import Kind
from parley.policy.facts import Facts
from parley.policy.verdict import Allow, Deny, Verdict


def check(facts: Facts, _now: datetime) -> Verdict:
    """Denies with the reason that was found when the attribute `phone` was read."""
    if facts.recipient is not None:
        return Allow({"recipient": facts.recipient})
    if facts.address_problem is not None:
        return Deny(
            "phone_unusable",
            f"The customer's phone number cannot be used: {facts.address_problem}",
            "Correct the attribute phone: international format, as +421901234567 or 00421901234567.",
            {"problem": facts.address_problem},
        )
    return Deny(
        "no_address",
        f"The customer has no phone number and has never written to us, so this {_word(facts)} has no addressee.",
        "Set the attribute phone in international format, as +421901234567 or 00421901234567.",
    )


def _word(facts: Facts) -> str:
    return "consent" if facts.kind is Kind.CONSENT else "message"

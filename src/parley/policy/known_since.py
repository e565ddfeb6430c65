"""Since which version of the rules a fact is known: what an older decision did not know, and a newer one left unsaid.

A fact that is as usual is not stored, so its absence alone says nothing. A new field of Facts is entered here with the
version that brings it.
"""

KNOWN_SINCE: dict[str, str] = {
    "kind": "",
    "recipient": "",
    "address_problem": "",
    "consent_category": "",
    "consents": "",
    "legitimate_interest": "",
    "sender": "",
    "sender_asked_for": "",
    "sender_choices": "",
    "window": "",
    "template": "",
    "pair": "",
    "tier": "",
    "quiet": "2026-11-26.2",
    "suppressions": "2026-11-26.4",
    "agreed_at": "2026-11-26.4",
    "promotes": "2026-11-26.4",
    "answers": "2026-11-26.4",
    "expires_at": "2026-11-26.5",
    "frequency": "2026-11-26.5",
    "text": "2026-11-26.7",
    "budget": "2026-11-26.8",
    "upload": "2026-11-26.9",
    "opt_in_waits_since": "2026-11-26.11",
}
"""Fields of Facts. Empty: from the beginning."""


def not_known_in(version: str) -> list[str]:
    """Facts that decisions of that version did not know."""
    return [name for name, since in KNOWN_SINCE.items() if _order(version) < _order(since)]


def _order(version: str) -> tuple[str, int]:
    """`2026-11-26.10` comes after `2026-11-26.9`."""
    day, _, number = version.partition(".")
    return day, int(number) if number.isdecimal() else 0

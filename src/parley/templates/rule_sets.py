"""The two regimes that a template may be written for, and their categories (whatsapp.md 1.1, 1.2)."""

from datetime import date
from enum import StrEnum

import msgspec

from parley.domain.template_category import CURRENT, TRANSACTIONAL, written_plainly


class RuleSet(StrEnum):
    """Which regime a project writes for."""

    TRANSACTIONAL = "transactional"
    """The strict default: one of the ten categories that stood until September 2021, and no promotion."""
    CURRENT = "current"
    """Marketing, utility, authentication; since June 2023."""


class Term(msgspec.Struct, frozen=True):
    """When a rule set was WhatsApp's own. A project may keep to it at any time."""

    since: date
    until: date | None
    """The first day on which it was not any more."""


TERMS = {
    RuleSet.TRANSACTIONAL: Term(date(2018, 8, 1), date(2021, 9, 15)),
    RuleSet.CURRENT: Term(date(2023, 6, 1), None),
}
"""Between them promotion was allowed, under categories that are gone (whatsapp.md 0)."""


def whatsapps_on(day: date) -> RuleSet | None:
    """Which of them was WhatsApp's own on that day."""
    begun = {rules: term for rules, term in TERMS.items() if term.since <= day}
    return next((rules for rules, term in begun.items() if term.until is None or day < term.until), None)


def is_in(category: str, rules: RuleSet) -> bool:
    """Is it one of the rule set's categories?"""
    known = TRANSACTIONAL if rules is RuleSet.TRANSACTIONAL else CURRENT
    return written_plainly(category) in known

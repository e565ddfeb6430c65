"""What promotes is approved as marketing, whatever it was handed in as."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.intent import intent_of
from parley.templates.lint.sources import CATEGORIES
from parley.templates.promotion import Label
from parley.templates.rule_sets import RuleSet
from parley.templates.template import MessageTemplate

HAND_IN_OR_TAKE_OUT = "Hand it in as MARKETING, at its price and with its consent, or take the sentence out."
A_PERSON = "Let somebody who reads it look. If it promotes anything, hand it in as MARKETING."


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Since 9 April 2025 nobody asks back: the template is billed at the price of marketing."""
    if template.category.upper() != "UTILITY":
        return
    field, found = intent_of(template, RuleSet.CURRENT)
    if found.label is Label.PROMOTIONAL:
        yield Fault(field, found.why, HAND_IN_OR_TAKE_OUT if found.readable else A_PERSON)


RULE = LintRule(Severity.WARN, CATEGORIES, check, frozenset({RuleSet.CURRENT}))

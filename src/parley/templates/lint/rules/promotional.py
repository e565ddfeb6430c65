"""A transactional template promotes nothing."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.intent import intent_of
from parley.templates.lint.sources import SEED_PAGE
from parley.templates.promotion import Label
from parley.templates.rule_sets import RuleSet
from parley.templates.template import MessageTemplate

OWN_BUSINESS = "Say only what the customer's own order, booking or account is about."
A_PERSON = "Let somebody who reads it look. If it promotes nothing, say so in the file: `override`, with the reason."


def check(template: MessageTemplate) -> Iterator[Fault]:
    """No discount, voucher, gift, recommendation, contest, survey of the brand; nothing unclear."""
    field, found = intent_of(template, RuleSet.TRANSACTIONAL)
    if found.label is Label.PROMOTIONAL:
        yield Fault(field, found.why, OWN_BUSINESS if found.readable else A_PERSON)


RULE = LintRule(Severity.ERROR, SEED_PAGE, check, frozenset({RuleSet.TRANSACTIONAL}))

"""A one-time code is sent by an authentication template and nothing else."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.intent import intent_of
from parley.templates.lint.sources import CATEGORIES
from parley.templates.promotion import Label
from parley.templates.rule_sets import RuleSet
from parley.templates.template import MessageTemplate


def check(template: MessageTemplate) -> Iterator[Fault]:
    """WhatsApp rejects it at the start of the next month, and does not review that."""
    if template.category.upper() == "AUTHENTICATION":
        return
    field, found = intent_of(template, RuleSet.CURRENT)
    if found.label is Label.AUTHENTICATION:
        yield Fault(field, found.why, "Hand it in as AUTHENTICATION.")


RULE = LintRule(Severity.ERROR, CATEGORIES, check, frozenset({RuleSet.CURRENT}))

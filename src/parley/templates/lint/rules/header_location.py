"""A location header stands in utility and marketing templates only."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.rule_sets import RuleSet
from parley.templates.template import MessageTemplate


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Authentication has none."""
    if template.header and template.header.format == "location" and template.category.upper() == "AUTHENTICATION":
        yield Fault("header.format", "An authentication template has no location.", "Leave the header out.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check, frozenset({RuleSet.CURRENT}))

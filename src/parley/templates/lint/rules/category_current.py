"""Is it one of today's three categories?"""

from collections.abc import Iterator

from parley.domain.template_category import CURRENT
from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import CATEGORIES
from parley.templates.rule_sets import RuleSet, is_in
from parley.templates.template import MessageTemplate


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Marketing, utility or authentication."""
    if not is_in(template.category, RuleSet.CURRENT):
        yield Fault(
            "category", f"{template.category} is no category of today.", f"Use one of {', '.join(sorted(CURRENT))}."
        )


RULE = LintRule(Severity.ERROR, CATEGORIES, check, frozenset({RuleSet.CURRENT}))

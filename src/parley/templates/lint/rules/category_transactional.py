"""Is it one of the ten categories of transactional templates?"""

from collections.abc import Iterator

from parley.domain.template_category import TRANSACTIONAL
from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import SEED_PAGE
from parley.templates.rule_sets import RuleSet, is_in
from parley.templates.template import MessageTemplate


def check(template: MessageTemplate) -> Iterator[Fault]:
    """The old regime's tag said what the text is for."""
    if not is_in(template.category, RuleSet.TRANSACTIONAL):
        yield Fault(
            "category", f"{template.category} is none of the ten.", f"Use one of {', '.join(sorted(TRANSACTIONAL))}."
        )


RULE = LintRule(Severity.ERROR, SEED_PAGE, check, frozenset({RuleSet.TRANSACTIONAL}))

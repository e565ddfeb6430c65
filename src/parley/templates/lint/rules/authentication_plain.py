"""An authentication template has no link, media or emoji."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.lint.texts import count_emoji, written_texts
from parley.templates.rule_sets import RuleSet
from parley.templates.template import MessageTemplate


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Its body is fixed; all that is free is the code."""
    if template.category.upper() != "AUTHENTICATION":
        return
    if template.header and template.header.format != "text":
        yield Fault("header", "It has media.", "Leave the header out.")
    if any(button.type in {"url", "phone_number"} for button in template.buttons) or "://" in template.body.text:
        yield Fault("body.text", "It has a link.", "Leave it out.")
    if any(count_emoji(text) for _, text in written_texts(template)):
        yield Fault("body.text", "It has an emoji.", "Leave it out.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check, frozenset({RuleSet.CURRENT}))

"""The body neither begins nor ends with a variable."""

import re
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import REVIEW
from parley.templates.lint.texts import PLACEHOLDER
from parley.templates.template import MessageTemplate

_AT_START = re.compile(rf"\W*?{PLACEHOLDER.pattern}")
_AT_END = re.compile(rf"{PLACEHOLDER.pattern}[^\w{{}}]*$")


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Punctuation behind the last variable does not help. An authentication template begins with its code."""
    if template.category.upper() == "AUTHENTICATION":
        return
    text = template.body.text.strip()
    if _AT_START.match(text):
        yield Fault("body.text", "It begins with a variable.", "Put words before it: Hello {{1}}, …")
    if _AT_END.search(text):
        yield Fault("body.text", "It ends with a variable.", "Put words behind it.")


RULE = LintRule(Severity.ERROR, REVIEW, check)

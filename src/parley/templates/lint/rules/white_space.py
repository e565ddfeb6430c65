"""White space is used sparingly."""

import re
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import PROVIDERS
from parley.templates.template import MessageTemplate

TOO_MANY_SPACES = 5
_EMPTY_LINES = re.compile(r"\n[ \t]*\n[ \t]*\n[ \t]*\n")


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Up to four spaces, up to two empty lines, no tab."""
    text = template.body.text
    if "\t" in text or " " * TOO_MANY_SPACES in text:
        yield Fault("body.text", "It has a tab, or more than four spaces in a row.", "Use single spaces.")
    if _EMPTY_LINES.search(text):
        yield Fault("body.text", "It has more than two empty lines in a row.", "One empty line parts two paragraphs.")


RULE = LintRule(Severity.WARN, PROVIDERS, check)

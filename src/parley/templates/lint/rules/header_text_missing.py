"""A header of the format text needs its text."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate


def check(template: MessageTemplate) -> Iterator[Fault]:
    """An empty one is no header."""
    if template.header and template.header.format == "text" and not template.header.text.strip():
        yield Fault("header.text", "A header of the format text has no text.", "Write one, or leave the header out.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)

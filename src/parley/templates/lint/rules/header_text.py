"""A text header is short, plain and has one variable at most."""

import re
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.lint.texts import PLACEHOLDER
from parley.templates.template import MessageTemplate

LONGEST = 60
_MARKDOWN = re.compile(r"[*~`\n\r]|(?<!\w)_|_(?!\w)")


def check(template: MessageTemplate) -> Iterator[Fault]:
    """60 characters, no line break, no formatting, one variable."""
    text = template.header.text if template.header else ""
    if len(text) > LONGEST:
        yield Fault(
            "header.text", f"It has {len(text)} characters; {LONGEST} fit.", "Shorten it, or move it to the body."
        )
    if len(template.header_variables) > 1:
        yield Fault("header.text", "It has more than one variable.", "Keep one; the others belong in the body.")
    if _MARKDOWN.search(PLACEHOLDER.sub("", text)):
        yield Fault("header.text", "It has formatting (*, _, ~, `) or a line break.", "Write it as plain text.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)

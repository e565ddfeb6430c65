"""The footer is short and has no variable."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate

LONGEST = 60


def check(template: MessageTemplate) -> Iterator[Fault]:
    """60 characters."""
    text = template.footer.text if template.footer else ""
    if len(text) > LONGEST:
        yield Fault("footer.text", f"It has {len(text)} characters; {LONGEST} fit.", "Shorten it.")
    if "{{" in text or "}}" in text:
        yield Fault("footer.text", "It has a variable.", "Move what differs into the body.")
    if template.footer and not text.strip():
        yield Fault("footer.text", "It is empty.", "Leave the footer out.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)

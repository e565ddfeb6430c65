"""The body has 1,024 characters at most."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate

LONGEST = 1024


def check(template: MessageTemplate) -> Iterator[Fault]:
    """As a template; with its values it must stay below the same limit, which is checked when a message is planned."""
    if len(template.body.text) > LONGEST:
        yield Fault("body.text", f"It has {len(template.body.text)} characters; {LONGEST} fit.", "Shorten it.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)

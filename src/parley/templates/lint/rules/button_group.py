"""Quick replies stand together."""

from collections.abc import Iterator
from itertools import groupby

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate

MOST_GROUPS = 2


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Quick reply, link, quick reply is refused; so is link, quick reply, link."""
    kinds = [is_quick for is_quick, _ in groupby(template.buttons, key=lambda button: button.type == "quick_reply")]
    if len(kinds) > MOST_GROUPS:
        yield Fault("buttons", "Quick replies are mixed with other buttons.", "Put all quick replies first, or last.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)

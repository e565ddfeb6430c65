"""Two buttons cannot have the same label."""

from collections import Counter
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate


def check(template: MessageTemplate) -> Iterator[Fault]:
    """A reply would not say which was tapped."""
    counts = Counter(button.text for button in template.buttons if button.text)
    for label, count in counts.items():
        if count > 1:
            yield Fault("buttons", f'{count} buttons are labelled "{label[:40]}".', "Give each a label of its own.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)

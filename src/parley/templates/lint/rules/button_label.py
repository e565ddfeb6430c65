"""A button has a label of at most 25 characters, without a variable."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate

LONGEST = 25


def check(template: MessageTemplate) -> Iterator[Fault]:
    """A copy-code button has a fixed label of its own."""
    for number, button in enumerate(template.buttons):
        field = f"buttons[{number}].text"
        if not button.text.strip() and button.type != "copy_code":
            yield Fault(field, "It has no label.", "Say in a word or two what it does.")
        if len(button.text) > LONGEST:
            yield Fault(field, f"It has {len(button.text)} characters; {LONGEST} fit.", "Shorten it.")
        if "{{" in button.text:
            yield Fault(field, "It has a variable.", "A label is the same for everybody.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)

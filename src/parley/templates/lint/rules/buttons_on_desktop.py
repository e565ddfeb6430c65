"""Some combinations of buttons cannot be seen on a computer."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate

TOO_MANY = 4


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Four or more, or quick replies beside others."""
    kinds = {button.type == "quick_reply" for button in template.buttons}
    if len(template.buttons) >= TOO_MANY or len(kinds) > 1:
        sentence = "WhatsApp on a computer shows a hint instead of this message."
        yield Fault("buttons", sentence, "Use up to three buttons, all quick replies or none.")


RULE = LintRule(Severity.WARN, COMPONENTS, check)

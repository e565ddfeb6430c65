"""A button has a label of at most 25 characters, without a variable."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate

LONGEST = 25
LABELLED = frozenset({"copy_code", "request_contact_info", "order_details"})
"""By WhatsApp, where the file says nothing."""


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Some kinds have a label of WhatsApp's own."""
    for place, button in template.all_buttons:
        field = f"{place}.text"
        if not button.text.strip() and button.type not in LABELLED:
            yield Fault(field, "It has no label.", "Say in a word or two what it does.")
        if len(button.text) > LONGEST:
            yield Fault(field, f"It has {len(button.text)} characters; {LONGEST} fit.", "Shorten it.")
        if "{{" in button.text:
            yield Fault(field, "It has a variable.", "A label is the same for everybody.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)

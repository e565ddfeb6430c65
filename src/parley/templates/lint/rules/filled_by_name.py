"""A part that each message must fill, and for which `send_template` has no field."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import OWN
from parley.templates.named_values import parts_by_name
from parley.templates.template import MessageTemplate


def check(template: MessageTemplate) -> Iterator[Fault]:
    """It can be handed in all the same; a message without its values is refused as `template_parameters`."""
    for field, start, what in parts_by_name(template):
        remedy = f"Send it by the preset sinch-conversation-template, with other_parameters {start}…"
        yield Fault(field, f"{what[0].upper()}{what[1:]} is filled with each message.", remedy)


RULE = LintRule(Severity.WARN, OWN, check)

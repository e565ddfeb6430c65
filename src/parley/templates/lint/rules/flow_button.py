"""A flow button names its flow, and the screen where one begins that navigates."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import PROVISIONING
from parley.templates.template import MessageTemplate


def check(template: MessageTemplate) -> Iterator[Fault]:
    """`flow_id`, and `navigate_screen` unless `flow_action` is data_exchange."""
    for field, button in template.all_buttons:
        if button.type != "flow":
            continue
        if not button.flow_id:
            yield Fault(f"{field}.flow_id", "It is missing.", "Write the id of the published flow.")
        if button.flow_action == "navigate" and not button.navigate_screen:
            yield Fault(
                f"{field}.navigate_screen", "It is missing.", "Name the first screen, or use flow_action data_exchange."
            )


RULE = LintRule(Severity.ERROR, PROVISIONING, check)

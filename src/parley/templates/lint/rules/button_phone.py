"""A phone button has a number of at most 20 characters."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate

LONGEST = 20


def check(template: MessageTemplate) -> Iterator[Fault]:
    """International form."""
    for place, button in template.all_buttons:
        if button.type != "phone_number":
            continue
        given = button.phone_number
        if not given.startswith("+") or not given.removeprefix("+").isdecimal() or len(given) > LONGEST:
            field = f"{place}.phone_number"
            yield Fault(field, f'"{given[:40]}" cannot be dialled.', "Write + and digits: +421901000001")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)

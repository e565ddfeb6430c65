"""How many buttons there may be, of each kind and in all."""

from collections import Counter
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate

MOST = 10
MOST_OF_A_KIND = {"quick_reply": 10, "url": 2, "phone_number": 1, "copy_code": 1}


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Ten in all; two links, one phone number, one code."""
    counts: Counter[str] = Counter(button.type for button in template.buttons)
    if len(template.buttons) > MOST:
        yield Fault("buttons", f"There are {len(template.buttons)}; {MOST} may be.", "Leave the least important out.")
    for kind, most in MOST_OF_A_KIND.items():
        if counts[kind] > most:
            yield Fault(
                "buttons", f"There are {counts[kind]} of the type {kind}; {most} may be.", "Leave the others out."
            )


RULE = LintRule(Severity.ERROR, COMPONENTS, check)

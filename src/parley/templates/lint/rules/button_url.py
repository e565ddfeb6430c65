"""A link is a whole web address with at most one variable, at its end."""

import re
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.lint.texts import PLACEHOLDER
from parley.templates.template import MessageTemplate

LONGEST = 2000
_ADDRESS = re.compile(r"https?://[^\s/{]+\.[^\s/{]+|https?://\[", re.IGNORECASE)


def check(template: MessageTemplate) -> Iterator[Fault]:
    """2,000 characters, https or http."""
    for place, button in template.all_buttons:
        if button.type != "url":
            continue
        field, found = f"{place}.url", PLACEHOLDER.findall(button.url)
        if not _ADDRESS.match(button.url):
            yield Fault(field, "It is no web address.", "Write it whole: https://shop.example/cart")
        if len(button.url) > LONGEST:
            yield Fault(field, f"It has {len(button.url)} characters; {LONGEST:,} fit.", "Shorten it.")
        if len(found) > 1 or (found and not button.url.endswith(found[0])):
            yield Fault(field, "A variable may stand once and only at the end.", "https://shop.example/track/{{1}}")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)

"""Numbered variables stand in their order."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.lint.texts import PLACEHOLDER
from parley.templates.template import MessageTemplate


def check(template: MessageTemplate) -> Iterator[Fault]:
    """{{2}} before {{1}} is a slip more often than a wish."""
    found = [number.strip("{} ") for number in PLACEHOLDER.findall(template.body.text)]
    firsts = list(dict.fromkeys(number for number in found if number.isdecimal()))
    if firsts != sorted(firsts, key=int):
        yield Fault("body.text", f"Its variables come as {', '.join(firsts)}.", "Number them as they are read.")


RULE = LintRule(Severity.WARN, COMPONENTS, check)

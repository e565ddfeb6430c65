"""More than a third in capitals reads as shouting."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import OWN
from parley.templates.lint.texts import PLACEHOLDER
from parley.templates.template import MessageTemplate

SHARE = 0.3
ENOUGH_LETTERS = 20


def check(template: MessageTemplate) -> Iterator[Fault]:
    """A keyword to answer with is no shouting, so short texts pass."""
    text = PLACEHOLDER.sub("", template.body.text)
    letters, capitals = sum(map(str.isalpha, text)), sum(map(str.isupper, text))
    if letters >= ENOUGH_LETTERS and capitals > letters * SHARE:
        share = round(100 * capitals / letters)
        yield Fault("body.text", f"{share} % of its letters are capitals.", "Write as you would speak.")


RULE = LintRule(Severity.WARN, OWN, check)

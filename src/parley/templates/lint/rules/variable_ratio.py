"""There are enough words for the variables."""

import re
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import PROVIDERS
from parley.templates.lint.texts import PLACEHOLDER
from parley.templates.template import MessageTemplate

_WORD = re.compile(r"\w+")


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Twice as many words as variables, and one more."""
    count = len(PLACEHOLDER.findall(template.body.text))
    words = len(_WORD.findall(PLACEHOLDER.sub(" ", template.body.text)))
    if count and words < 2 * count + 1:
        yield Fault(
            "body.text", f"{words} words are few for {count} variables.", f"Write at least {2 * count + 1} words."
        )


RULE = LintRule(Severity.WARN, PROVIDERS, check)

"""Only spaces or signs between two variables look to a reviewer as if they touched."""

import re
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import PROVIDERS
from parley.templates.lint.texts import PLACEHOLDER, written_texts
from parley.templates.template import MessageTemplate

_ADJACENT = re.compile(rf"{PLACEHOLDER.pattern}[^\w{{}}]+{PLACEHOLDER.pattern}")


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Dates and prices in two variables, for example."""
    for field, text in written_texts(template):
        if _ADJACENT.search(text):
            yield Fault(field, "No word stands between two variables.", "Put words between them, or make them one.")


RULE = LintRule(Severity.WARN, PROVIDERS, check)

"""Variables do not touch each other."""

import re
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import REVIEW
from parley.templates.lint.texts import PLACEHOLDER, written_texts
from parley.templates.template import MessageTemplate

_TOUCHING = re.compile(rf"{PLACEHOLDER.pattern}{PLACEHOLDER.pattern}")


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Nobody can tell where one ends."""
    for field, text in written_texts(template):
        if _TOUCHING.search(text):
            yield Fault(field, "Two variables touch each other.", "Put words between them.")


RULE = LintRule(Severity.ERROR, REVIEW, check)

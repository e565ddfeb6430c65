"""A text of nothing but variables says nothing."""

import re
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import REVIEW
from parley.templates.lint.texts import PLACEHOLDER
from parley.templates.template import MessageTemplate

_WORD = re.compile(r"\w{2,}")


def check(template: MessageTemplate) -> Iterator[Fault]:
    """The reviewer cannot tell what will be sent."""
    if template.body_variables and not _WORD.search(PLACEHOLDER.sub("", template.body.text)):
        yield Fault(
            "body.text", "It holds nothing but variables.", "Write the message; variables are for what differs."
        )


RULE = LintRule(Severity.ERROR, REVIEW, check)

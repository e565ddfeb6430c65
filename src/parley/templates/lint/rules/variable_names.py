"""Named variables are lower-case letters, digits and underscores."""

import re
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate

_NAME = re.compile(r"[a-z0-9_]+")


def check(template: MessageTemplate) -> Iterator[Fault]:
    """Positional and named ones are told apart when the file is read."""
    for name in (*template.header_variables, *template.body_variables):
        if not _NAME.fullmatch(name):
            yield Fault("body.text", f"{{{{{name}}}}} is no name of a variable.", "Use a-z, 0-9 and _: {{order_id}}")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)

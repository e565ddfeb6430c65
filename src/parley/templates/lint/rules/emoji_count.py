"""Few emoji."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import OWN
from parley.templates.lint.texts import count_emoji, written_texts
from parley.templates.template import MessageTemplate

MOST = 10


def check(template: MessageTemplate) -> Iterator[Fault]:
    """In all of its texts together."""
    count = sum(count_emoji(text) for _, text in written_texts(template))
    if count > MOST:
        yield Fault("body.text", f"It has {count} emoji.", f"Keep to {MOST} or fewer.")


RULE = LintRule(Severity.WARN, OWN, check)

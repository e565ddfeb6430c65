"""What a lint rule finds."""

from collections.abc import Callable, Iterator
from enum import StrEnum

import msgspec

from parley.templates.rule_sets import RuleSet
from parley.templates.template import MessageTemplate


class Severity(StrEnum):
    """Would WhatsApp refuse it, or only frown?"""

    ERROR = "error"
    WARN = "warn"


class Fault(msgspec.Struct, frozen=True):
    """Where, what is wrong, what to do."""

    field: str
    sentence: str
    remedy: str


class LintRule(msgspec.Struct, frozen=True):
    """One rule of the linter. Its name is its file's."""

    severity: Severity
    source: str
    """Whose rule it is, with the date on which it was read."""
    check: Callable[[MessageTemplate], Iterator[Fault]]
    sets: frozenset[RuleSet] = frozenset(RuleSet)
    """The rule sets that it belongs to."""


class Finding(msgspec.Struct, frozen=True):
    """A fault, and the rule that found it."""

    rule: str
    severity: Severity
    field: str
    sentence: str
    remedy: str
    source: str

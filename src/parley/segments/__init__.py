"""Conditions on customers: read from JSON, judged against facts. The grammar is in docs/reference/conditions.md."""

from parley.segments.condition import (
    Attribute,
    Condition,
    Consent,
    EventCount,
    Every,
    Need,
    Negation,
    Property,
    Some,
    consents_in,
    explain,
    holds,
    matches,
    needs,
)
from parley.segments.facts import ConsentFact, EventFact, Facts
from parley.segments.grammar import parse_audience, parse_condition, parse_filter

__all__ = [
    "Attribute",
    "Condition",
    "Consent",
    "ConsentFact",
    "EventCount",
    "EventFact",
    "Every",
    "Facts",
    "Need",
    "Negation",
    "Property",
    "Some",
    "consents_in",
    "explain",
    "holds",
    "matches",
    "needs",
    "parse_audience",
    "parse_condition",
    "parse_filter",
]

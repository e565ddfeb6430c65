"""The ordered list of rules, and the decision they come to."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from parley.domain.message import Kind
from parley.policy import (
    address_usable,
    budget,
    consent_given,
    frequency,
    opt_in_told,
    pair_rate,
    person_not_suppressed,
    quiet_hours,
    recipient_tier,
    sender_usable,
    template_usable,
    text_allowed,
    upload_holds,
    window_open,
)
from parley.policy.facts import Facts
from parley.policy.verdict import Allow, Verdict

POLICY_VERSION = "2026-11-27.1"
"""Changes whenever a rule does; stored with every decision."""

_TO_A_PERSON = frozenset({Kind.TEMPLATE, Kind.TEXT, Kind.MEDIA, Kind.CONSENT})
_IN_A_CONVERSATION = frozenset({Kind.TEXT, Kind.MEDIA})
_BY_TEMPLATE = frozenset({Kind.TEMPLATE})
_FOR_A_PERSON = _IN_A_CONVERSATION | _BY_TEMPLATE
"""That somebody is not to be written to is told to the provider all the same."""
_TO_THE_PROVIDER = frozenset({Kind.CONSENT})
_MAY_NEED_CONSENT = frozenset({Kind.TEMPLATE, Kind.WEBHOOK})

RULES: tuple[tuple[str, frozenset[Kind], Callable[[Facts, datetime], Verdict]], ...] = (
    ("address_usable", _TO_A_PERSON, address_usable.check),
    ("sender_usable", frozenset(Kind), sender_usable.check),
    ("person_not_suppressed", _FOR_A_PERSON, person_not_suppressed.check),
    ("upload_holds", _TO_THE_PROVIDER, upload_holds.check),
    ("consent_given", _MAY_NEED_CONSENT, consent_given.check),
    ("window_open", _IN_A_CONVERSATION, window_open.check),
    ("template_usable", _BY_TEMPLATE, template_usable.check),
    ("text_allowed", _BY_TEMPLATE, text_allowed.check),
    ("frequency", _IN_A_CONVERSATION | _BY_TEMPLATE, frequency.check),
    ("quiet_hours", _IN_A_CONVERSATION | _BY_TEMPLATE, quiet_hours.check),
    ("budget", _IN_A_CONVERSATION | _BY_TEMPLATE, budget.check),
    ("opt_in_told", _BY_TEMPLATE, opt_in_told.check),
    ("recipient_tier", _BY_TEMPLATE, recipient_tier.check),
    ("pair_rate", _IN_A_CONVERSATION | _BY_TEMPLATE, pair_rate.check),
)

_OF_KIND = {kind: tuple((name, check) for name, kinds, check in RULES if kind in kinds) for kind in Kind}
"""Sorted out once, and not for each message."""


_NOTHING_AGAINST_IT = Allow()


class RuleVerdict(msgspec.Struct, frozen=True):
    """What one rule said."""

    rule: str
    verdict: Verdict


class Decision(msgspec.Struct, frozen=True):
    """The verdict, and every rule that was asked on the way to it."""

    verdict: Verdict
    asked: tuple[RuleVerdict, ...]
    facts: Facts
    at: datetime
    version: str = POLICY_VERSION


def decide(facts: Facts, now: datetime) -> Decision:
    """Asks the rules in their order; the first that does not allow decides."""
    asked: list[RuleVerdict] = []
    for name, check in _OF_KIND[facts.kind]:
        verdict = check(facts, now)
        asked.append(RuleVerdict(name, verdict))
        if type(verdict) is not Allow:
            return Decision(verdict, tuple(asked), facts, now)
    return Decision(_NOTHING_AGAINST_IT, tuple(asked), facts, now)

"""May this be sent, to this person, now? One file per rule, one ordered list, evidence in, verdict out.

The order is docs/house.md's ("The policy, in order"). `decide` asks every rule that applies to the message's kind until
one does not allow it. Nothing here reads a clock or a database: `Facts` holds all that was known, so the same decision
can be recomputed later from what was stored with the message.
"""

from parley.policy.decision import Decision, decide
from parley.policy.facts import (
    BudgetFacts,
    Facts,
    FrequencyFacts,
    LimitFacts,
    OpenWindow,
    PairFacts,
    QuietFacts,
    SenderFacts,
    TemplateFacts,
    TextFacts,
    TierFacts,
)
from parley.policy.frequency_policy import FrequencyPolicy, parse_frequency_policy
from parley.policy.retake import Retaken, retake
from parley.policy.verdict import Allow, Defer, Deny, Verdict

__all__ = [
    "Allow",
    "BudgetFacts",
    "Decision",
    "Defer",
    "Deny",
    "Facts",
    "FrequencyFacts",
    "FrequencyPolicy",
    "LimitFacts",
    "OpenWindow",
    "PairFacts",
    "QuietFacts",
    "Retaken",
    "SenderFacts",
    "TemplateFacts",
    "TextFacts",
    "TierFacts",
    "Verdict",
    "decide",
    "parse_frequency_policy",
    "retake",
]

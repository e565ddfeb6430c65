"""Does the project's rule set allow the template's text?

Under *transactional* a template has one of the ten categories and promotes nothing (the page that Parley implements;
Meta until 15 September 2021). Under *current* anything approved may be sent: what promotes is filed as marketing, at
its price and with its consent (Meta, "Template categorization", 14 November 2025). How the text was judged is a fact:
once per version of the template, and once per value that may say more than a word.
"""

from datetime import datetime
from typing import Any

from parley.policy.facts import Facts, TextFacts
from parley.policy.verdict import Allow, Deny, Verdict

TRANSACTIONAL = "transactional"


def check(facts: Facts, _: datetime) -> Verdict:
    """A person's override stands above the check, and is told with its reason."""
    text = facts.text
    if text is None:
        return Allow({"text": "not judged"})
    evidence: dict[str, Any] = {"rules": text.rules, "category": text.category, "predicted": text.predicted}
    if text.filed_as is not None:
        evidence["filed_as"] = text.filed_as
    if text.override is not None:
        return Allow({**evidence, "override": text.override, "by": text.overridden_by})
    if text.rules != TRANSACTIONAL:
        return Allow(evidence)
    evidence["judged_by"] = text.judged_by
    return _category(facts, text, evidence) or _words(facts, text, evidence) or Allow(evidence)


def _category(facts: Facts, text: TextFacts, evidence: dict[str, Any]) -> Deny | None:
    if text.category_fits:
        return None
    return Deny(
        "category_not_transactional",
        f"The template {_name(facts)} has the category {text.category}, which is none of the ten of the project's rule "
        "set, transactional.",
        "Give its file one of the ten categories (docs/reference/templates.md), set the project's rules to current, or "
        "say why it may be sent: parley template override.",
        evidence,
    )


def _words(facts: Facts, text: TextFacts, evidence: dict[str, Any]) -> Deny | None:
    if text.promotional and not text.readable:
        return Deny(
            "text_not_judged",
            f"Whether the template {_name(facts)} promotes, which the project's rule set, transactional, does not "
            f"allow, is not known. {text.why}",
            "Let somebody who reads it look. If it promotes nothing, say so: parley template override.",
            evidence,
        )
    if text.promotional:
        return Deny(
            "text_promotional",
            f"The template {_name(facts)} promotes, which the project's rule set, transactional, does not allow. "
            f"{text.why}",
            "Take the sentence out, set the project's rules to current, or say why it may be sent: "
            "parley template override.",
            evidence,
        )
    if text.value is not None:
        return Deny(
            "value_promotional",
            f"A value of the template {_name(facts)} promotes, which the project's rule set, transactional, does not "
            f"allow. {text.value}",
            "Correct the value, or the data it is taken from; or say why the template may be sent: "
            "parley template override.",
            {**evidence, "value": text.value},
        )
    return None


def _name(facts: Facts) -> str:
    return f"{facts.template.name} ({facts.template.language})" if facts.template else ""

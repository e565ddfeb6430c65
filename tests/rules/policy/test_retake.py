"""A decision is taken again from what was stored: the same, or different by name."""

import json
from typing import Any

import msgspec
import pytest

from parley.policy import Facts, decide, retake
from parley.policy.decision import POLICY_VERSION
from parley.policy.known_since import KNOWN_SINCE, not_known_in
from tests.rules.policy.test_policy import CASES
from tests.support.policy_facts import NOW, good_facts


def _stored(**changes: Any) -> dict[str, Any]:
    return dict(json.loads(msgspec.json.encode(decide(good_facts(**changes), NOW))))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["description"])
def test_every_decision_is_the_same_again(case: dict[str, Any]) -> None:
    again = retake(_stored(kind=case.get("kind", "template"), **case["changes"]))
    assert (again.outcome, again.differences) == ("same", ())


def test_what_an_older_version_did_not_know_is_named_though_the_verdict_is_the_same() -> None:
    again = retake({**_stored(), "version": "2026-11-26.4"})
    assert again.outcome == "same"
    assert again.differences == (
        f"It was decided by the rules of 2026-11-26.4; those of today are {POLICY_VERSION}.",
        f"Not known then, and taken as nothing today: {', '.join(not_known_in('2026-11-26.4'))}.",
    )
    assert {"frequency", "expires_at"} <= set(not_known_in("2026-11-26.4"))
    assert not {"quiet", "window"} & set(not_known_in("2026-11-26.4"))


def test_of_every_fact_it_is_known_since_when() -> None:
    assert set(KNOWN_SINCE) == set(Facts.__struct_fields__)
    assert not_known_in(POLICY_VERSION) == []
    assert set(not_known_in("2026-11-26.10")) <= set(not_known_in("2026-11-26.9"))


def test_a_rule_that_was_not_asked_then_is_named() -> None:
    stored = _stored(consents=[])
    stored["asked"] = [one for one in stored["asked"] if one["rule"] != "consent_given"]
    stored["verdict"] = {"verdict": "allow", "evidence": {}}
    again = retake(stored)
    assert again.outcome == "different"
    assert again.differences == ("The rule consent_given was not asked then, and says deny (no_consent) today.",)


def test_a_rule_that_says_something_else_or_nothing_today_is_named() -> None:
    stored = _stored()
    stored["asked"].append(
        {"rule": "full_moon", "verdict": {"verdict": "deny", "code": "full_moon", "sentence": "It is."}}
    )
    stored["asked"][0]["verdict"] = {"verdict": "defer", "code": "no_address", "until": "2026-11-24T12:00:00Z"}
    assert set(retake(stored).differences) == {
        "The rule address_usable said defer (no_address, until 2026-11-24T12:00:00Z) then, and says allow today.",
        "The rule full_moon said deny (full_moon) then, and is not asked today.",
    }


def test_facts_that_cannot_be_read_any_more_are_told() -> None:
    stored = _stored()
    stored["facts"]["kind"] = "fax"
    again = retake(stored)
    assert again.outcome == "unreadable"
    assert "fax" in again.differences[0]


def test_a_decision_before_the_rules_cannot_be_taken_again() -> None:
    assert retake({**_stored(), "asked": []}).outcome == "no_rule"

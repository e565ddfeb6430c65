"""The policy as cases: one set-up that passes, and for each rule the changes that make it say no or later."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.consent import Action, ConsentEntry
from parley.domain.message import Kind
from parley.policy import Allow, decide
from parley.policy.decision import RULES
from parley.policy.window_open import MARGIN, WINDOW, is_open
from tests.support.policy_facts import NOW, good_facts

CASES = json.loads((Path(__file__).parents[2] / "cases" / "policy" / "rules.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", list(Kind))
def test_it_allows_what_breaks_no_rule(kind: Kind) -> None:
    decision = decide(good_facts(kind), NOW)
    assert isinstance(decision.verdict, Allow)
    assert [one.rule for one in decision.asked] == [name for name, kinds, _ in RULES if kind in kinds]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["description"])
def test_each_case_is_decided_as_written_down(case: dict[str, Any]) -> None:
    decision = decide(good_facts(case.get("kind", "template"), **case["changes"]), NOW)
    verdict = msgspec.to_builtins(decision.verdict)
    assert {name: verdict.get(name) for name in case["expected"]} == case["expected"]
    assert decision.asked[-1].rule == case["rule"]


@pytest.mark.parametrize("name", [name for name, _, _ in RULES])
def test_every_rule_has_a_case_that_refuses_or_defers(name: str) -> None:
    assert any(case["rule"] == name and case["expected"]["verdict"] != "allow" for case in CASES)


def test_every_refusal_says_what_to_do() -> None:
    for case in CASES:
        verdict = decide(good_facts(case.get("kind", "template"), **case["changes"]), NOW).verdict
        if not isinstance(verdict, Allow):
            assert verdict.sentence.endswith(".")
            assert verdict.remedy.endswith(".")


def test_a_decision_survives_json_and_is_taken_again_from_its_facts() -> None:
    decision = decide(good_facts(consents=[]), NOW)
    stored = msgspec.convert(json.loads(msgspec.json.encode(decision)), type(decision))
    assert decide(stored.facts, stored.at) == decision


@given(st.timedeltas(min_value=timedelta(days=-2), max_value=timedelta(days=2)))
def test_the_window_is_open_for_24_hours_less_the_margin_to_the_microsecond(since: timedelta) -> None:
    assert is_open(NOW - since, NOW) == (since < WINDOW - MARGIN)


@given(st.lists(st.tuples(st.integers(-50, 50), st.sampled_from(list(Action)))))
def test_the_last_word_in_force_counts(said: list[tuple[int, Action]]) -> None:
    entries = tuple(ConsentEntry("whatsapp", action, NOW + timedelta(hours=hours)) for hours, action in said)
    words = [(hours, action is not Action.ACCEPT) for hours, action in said if action is not Action.ASKED]
    begun = [(hours, is_no) for hours, is_no in words if hours <= 0 or is_no]
    allowed = isinstance(decide(good_facts(consents=msgspec.to_builtins(entries)), NOW).verdict, Allow)
    assert allowed == (bool(begun) and not max(begun)[1])

"""Every case of every lint rule: what it says of a template that breaks it, and nothing of the same one mended."""

import json
from pathlib import Path
from typing import Any

import pytest

from parley.templates import MessageTemplate, parse_template
from parley.templates.lint import RULES, RuleSet, Severity, lint

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases" / "lint"
EXAMPLES = sorted((ROOT / "examples").glob("*.template.json"))
SOUND: dict[str, Any] = {
    "kind": "template",
    "name": "order_shipped",
    "language": "en",
    "category": "SHIPPING_UPDATE",
    "body": {"text": "Dear {{1}}, your order is on its way and arrives soon.", "samples": ["Jana"]},
}


def sound(**changes: Any) -> MessageTemplate:
    """A template with nothing wrong, but for the changes."""
    return parse_template(json.dumps(SOUND | changes).encode())


def cases() -> list[Any]:
    """A pytest parameter for every case of every rule."""
    found = [(path.stem, case) for path in sorted(CASES.glob("*.json")) for case in json.loads(path.read_text("utf-8"))]
    return [pytest.param(rule, case, id=f"{rule}: {case['description']}") for rule, case in found]


@pytest.mark.parametrize(("rule", "case"), cases())
def test_it_finds_what_the_case_says(rule: str, case: dict[str, Any]) -> None:
    faults = RULES[rule].check(sound(**case["template"]))
    assert [f"{fault.field}: {fault.sentence} {fault.remedy}" for fault in faults] == case["expected"]


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_has_a_case_that_breaks_it_and_one_that_does_not(rule: str) -> None:
    found = json.loads((CASES / f"{rule}.json").read_text("utf-8"))
    assert {bool(case["expected"]) for case in found} == {True, False}


def test_a_sound_template_passes_and_findings_name_rule_severity_and_source() -> None:
    assert lint(sound(), RuleSet.TRANSACTIONAL) == ()
    (finding,) = lint(sound(language="no"), RuleSet.TRANSACTIONAL)
    assert (finding.rule, finding.severity) == ("language_known", Severity.ERROR)
    assert "Supported languages" in finding.source


def test_errors_come_before_warnings() -> None:
    found = lint(sound(body={"text": "{{1}} 🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉", "samples": ["Jana"]}), RuleSet.TRANSACTIONAL)
    severities = [finding.severity for finding in found]
    assert severities == sorted(severities)
    assert {Severity.ERROR, Severity.WARN} == set(severities)


def test_each_rule_set_has_its_own_categories() -> None:
    utility = sound(category="UTILITY")
    assert [finding.rule for finding in lint(utility, RuleSet.TRANSACTIONAL)] == ["category_transactional"]
    assert lint(utility, RuleSet.CURRENT) == ()
    assert [finding.rule for finding in lint(sound(), RuleSet.CURRENT)] == ["category_current"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_have_no_finding_by_the_rule_set_of_their_category(path: Path) -> None:
    template = parse_template(path.read_bytes())
    rule_set = RuleSet.CURRENT if template.category == "MARKETING" else RuleSet.TRANSACTIONAL
    assert [finding for finding in lint(template, rule_set) if finding.severity is Severity.ERROR] == []

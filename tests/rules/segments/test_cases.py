"""Every condition case: a condition and facts in, true or false (or the problems of the condition) out."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from parley.domain.errors import InvalidInputError
from parley.segments import holds, matches, parse_condition, parse_filter
from tests.rules.segments.facts import facts_of

FOLDER = Path(__file__).parents[2] / "cases" / "segments"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HELD = ("comparisons.json", "times.json", "paths.json", "events.json", "consents.json", "combined.json")

Case = dict[str, Any]


def cases(*names: str) -> list[Any]:
    """A pytest parameter for every case of these files."""
    found = [(name, case) for name in names for case in json.loads((FOLDER / name).read_text("utf-8"))]
    return [pytest.param(case, id=f"{name}: {case['description']}") for name, case in found]


@pytest.mark.parametrize("case", cases(*HELD))
def test_it_judges_as_the_case_says(case: Case) -> None:
    condition = parse_condition(case["condition"])
    found = [holds(condition, facts_of(facts), NOW) for facts in case["facts"]]
    assert found == case["expected"]


@pytest.mark.parametrize("case", cases("filters.json"))
def test_it_filters_events_by_their_properties(case: Case) -> None:
    filter_ = parse_filter(case["filter"])
    assert [matches(filter_, properties, NOW) for properties in case["properties"]] == case["expected"]


@pytest.mark.parametrize("case", cases("refused.json"))
def test_it_names_every_problem_of_a_condition(case: Case) -> None:
    parse = parse_filter if case.get("as_filter") else parse_condition
    with pytest.raises(InvalidInputError) as caught:
        parse(case["condition"], "if")
    assert [str(problem) for problem in caught.value.problems] == case["expected"]

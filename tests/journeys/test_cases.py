"""Every scenario case: inputs over time in, trail and effects out."""

import json
from pathlib import Path
from typing import Any

import pytest

from parley import segments
from parley.domain.errors import InvalidInputError
from parley.journeys import parse_campaign, parse_scenario, said
from tests.journeys.case_files import FOLDER, expect, params, read
from tests.journeys.walk import Walk

TIMELINES = sorted((FOLDER / "timelines").glob("*.json"))
REFUSED = sorted((FOLDER / "refused").glob("*.json"))
KEYWORDS = [FOLDER / "keywords.json"]
CAMPAIGNS = [FOLDER / "campaigns.json"]


@pytest.mark.parametrize(("path", "index"), params(TIMELINES))
def test_it_walks_as_the_case_says(path: Path, index: int, update: bool) -> None:
    case = read(path)[index]
    expect(path, index, Walk(case).follow(case["timeline"]), update=update)


@pytest.mark.parametrize(("path", "index"), params(REFUSED))
def test_it_names_every_problem_of_a_scenario(path: Path, index: int, update: bool) -> None:
    expect(path, index, problems_of(read(path)[index]["file"]), update=update)


@pytest.mark.parametrize(("path", "index"), params(CAMPAIGNS))
def test_it_names_every_problem_of_a_campaign(path: Path, index: int, update: bool) -> None:
    file = read(path)[index]["file"]
    data = file if isinstance(file, str) else json.dumps(file)
    with pytest.raises(InvalidInputError) as caught:
        parse_campaign(data.encode(), segments)
    expect(path, index, [str(problem) for problem in caught.value.problems], update=update)


@pytest.mark.parametrize(("path", "index"), params(KEYWORDS))
def test_it_hears_a_keyword_as_a_person_would(path: Path, index: int, update: bool) -> None:
    case = read(path)[index]
    expect(path, index, {word: said(case["keywords"], [word]) for word in case["messages"]}, update=update)


def problems_of(file: Any) -> list[str]:
    """What the author reads; `file` is JSON text, or the nodes of an otherwise good file, or the file."""
    if isinstance(file, list):
        file = {"kind": "scenario", "name": "case", "settings": {"consent_category": "whatsapp"}, "nodes": file}
    data = file if isinstance(file, str) else json.dumps(file)
    with pytest.raises(InvalidInputError) as caught:
        parse_scenario(data.encode(), segments)
    return [str(problem) for problem in caught.value.problems]

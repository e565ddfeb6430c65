"""Every case on disk: shipped presets to the byte, renderings, refusals, answers, lists, prefixes."""

from typing import Any

import msgspec
import pytest

from parley.domain.errors import InvalidInputError
from parley.domain.http import HttpResponse
from parley.presets import (
    Aborted,
    Context,
    RenderedRequest,
    Renderer,
    meaning,
    parse_preset,
    shipped,
)
from parley.presets.pieces import SyntaxFault
from parley.presets.prefix import is_under
from parley.presets.quoted_list import read_quoted_list
from tests.rules.presets.presets import Case, cases, preset, preset_json


@pytest.mark.parametrize("case", cases("shipped.json"))
def test_it_sends_exactly_these_bytes(case: Case) -> None:
    rendered = Renderer().render(shipped()[case["preset"]], case["values"], Context(**case["context"]))
    assert isinstance(rendered, RenderedRequest)
    request, expected = rendered.request, case["expected"]
    assert request.body.decode() == expected["body"]
    assert (request.method, request.url) == (expected["method"], expected["url"])
    assert ("Content-Type", "application/json") in request.headers


def test_every_shipped_preset_has_cases() -> None:
    assert {case.values[0]["preset"] for case in cases("shipped.json")} == set(shipped())


@pytest.mark.parametrize("case", cases("rendered.json"))
def test_it_renders_as_the_case_says(case: Case) -> None:
    assert _rendered(case) == case["expected"]


def _rendered(case: Case) -> dict[str, Any]:
    try:
        outcome = Renderer().render(preset(**case["preset"]), case["values"], Context(**case["context"]))
    except InvalidInputError as error:
        return {"problems": [str(problem) for problem in error.problems]}
    if isinstance(outcome, Aborted):
        return {"aborted": outcome.reason}
    request = outcome.request
    seen = {"body": request.body.decode(), "url": request.url, "headers": [list(pair) for pair in request.headers]}
    return {name: seen[name] for name in case["expected"] if name in seen}


@pytest.mark.parametrize("case", cases("refused.json"))
def test_it_names_every_problem_of_a_preset(case: Case) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_preset(preset_json(**case["change"]))
    assert [str(problem) for problem in caught.value.problems] == case["expected"]


@pytest.mark.parametrize("case", cases("answers.json"))
def test_it_knows_what_an_answer_means(case: Case) -> None:
    response = HttpResponse(case["status"], tuple(case["headers"].items()), case["body"].encode())
    outcome = meaning(shipped()[case["preset"]], response, case["recipients"])
    assert msgspec.json.decode(msgspec.json.encode(outcome)) == case["expected"]


@pytest.mark.parametrize("case", cases("quoted-lists.json"))
def test_it_reads_the_pages_way_of_listing(case: Case) -> None:
    try:
        found: Any = list(read_quoted_list(case["text"]))
    except SyntaxFault as fault:
        found = str(fault)
    assert found == case["expected"]


@pytest.mark.parametrize("case", cases("prefixes.json"))
def test_credentials_stay_under_their_prefix(case: Case) -> None:
    assert is_under(case["url"], case["prefix"]) is case["expected"]

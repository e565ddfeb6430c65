"""Every template case: what the customer will read, or why it is not sent."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.errors import InvalidInputError
from parley.templates import Status, check_parameters, hydrate, parse_template
from parley.templates.template import fill_variables, filled_length
from parley.templates.values import check_closely

TESTS = Path(__file__).parents[2]
EXAMPLES = sorted((TESTS.parent / "examples").glob("*.template.json"))

Case = dict[str, Any]


def cases(name: str) -> list[Any]:
    """A pytest parameter for every case of a file."""
    found = json.loads((TESTS / "cases" / "templates" / name).read_text("utf-8"))
    return [pytest.param(case, id=case["description"]) for case in found]


@pytest.mark.parametrize("case", cases("values.json"))
def test_it_shows_what_the_customer_reads_or_why_not(case: Case) -> None:
    template = parse_template(json.dumps({"kind": "template", **case["template"]}).encode())
    try:
        found: Any = hydrate(template, case["header"], case["body"], case["buttons"])
    except InvalidInputError as error:
        found = [str(problem) for problem in error.problems]
    assert found == case["expected"]


@pytest.mark.parametrize("case", cases("refused.json"))
def test_it_names_every_problem_of_a_template(case: Case) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_template(json.dumps(case["template"]).encode())
    assert [str(problem) for problem in caught.value.problems] == case["expected"]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 10_000, b" " * 70_000])
def test_it_refuses_what_is_no_template(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="template: "):
        parse_template(data)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_templates_whose_samples_fit(path: Path) -> None:
    template = parse_template(path.read_bytes())
    assert template.status is Status.APPROVED
    assert check_parameters(template, (), template.body.samples, ()) == ()


def test_a_body_may_be_full_but_not_fuller() -> None:
    template = parse_template(
        b'{"kind":"template","name":"t","language":"en","category":"UTILITY","body":{"text":"{{1}}."}}'
    )
    assert check_parameters(template, (), ("x" * 1023,), ()) == ()
    (problem,) = check_parameters(template, (), ("x" * 1024,), ())
    assert problem.field == "body"
    assert "132005" in problem.sentence


@given(
    text=st.lists(st.sampled_from(["{{1}}", "{{ 2 }}", "{{name}}", "{{", "}} ", "Dear ", "ÿ"]), max_size=8).map(
        "".join
    ),
    values=st.dictionaries(st.sampled_from(["1", "2", "name", "other"]), st.text(max_size=5)),
)
def test_the_length_of_a_filled_text_is_known_without_filling_it(text: str, values: dict[str, str]) -> None:
    assert filled_length(text, values) == len(fill_variables(text, values))


PARTS: list[dict[str, Any]] = [
    {},
    {"header": {"text": "Hello"}},
    {"header": {"text": "A header that is too long by some words, whatever its message says"}},
    {"header": {"text": "Hello {{1}}"}},
    {"header": {"format": "image"}},
    {"buttons": [{"type": "quick_reply", "text": "Yes"}, {"type": "url", "text": "See", "url": "https://a.example"}]},
    {"buttons": [{"type": "url", "text": "See", "url": "https://a.example/{{1}}"}]},
    {"buttons": [{"type": "copy_code", "text": "Copy"}]},
    {"buttons": [{"type": "flow", "text": "Fill in"}]},
    {"carousel": [{"header": {"format": "image"}}]},
    {"limited_time_offer": {"text": "Today", "has_expiration": True}},
]
GIVEN = st.lists(
    st.sampled_from(["Jana", "", " ", "a\tb", "a\nb", "a\u2028b", "a     b", "  ", "x" * 340, "x" * 1020]), max_size=3
)


@given(parts=st.sampled_from(PARTS), text=st.sampled_from(["Hi", "Hi {{1}}", "{{1}} {{2}} {{1}}"]), body=GIVEN)
def test_one_look_at_a_body_says_what_a_close_one_does(parts: dict[str, Any], text: str, body: list[str]) -> None:
    template = parse_template(json.dumps(SHORT | parts | {"body": {"text": text}}).encode())
    assert check_parameters(template, [], body, []) == check_closely(template, [], body, [])


SHORT = {"kind": "template", "name": "short", "language": "en", "category": "UTILITY", "status": "approved"}

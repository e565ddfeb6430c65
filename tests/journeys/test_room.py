"""Whole-room promises: every kind has cases and a page, every example is whole, and nothing can make it raise."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields

from parley import segments
from parley.domain.errors import InvalidInputError
from parley.journeys import Happened, normal_form, parse_campaign, parse_scenario, said
from parley.journeys.campaign import SENDS, CampaignFile
from parley.journeys.nodes import KINDS
from parley.journeys.nodes.send_template import SendTemplateNode
from tests.journeys.case_files import FOLDER, ROOT

PAGE = (ROOT / "docs" / "reference" / "scenarios.md").read_text("utf-8")
CAMPAIGNS_PAGE = (ROOT / "docs" / "reference" / "campaigns.md").read_text("utf-8")
CAMPAIGNS = [
    path for path in sorted((ROOT / "examples").glob("*.json")) if '"kind": "campaign"' in path.read_text("utf-8")
]
SCENARIOS = [
    path for path in sorted((ROOT / "examples").glob("*.json")) if '"kind": "scenario"' in path.read_text("utf-8")
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
keys = ("id", "type", "next", "if", "for", "event", "filter", "replies", "within", "template", "buttons", "media")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_timeline_of_its_own(kind: str) -> None:
    assert (FOLDER / "timelines" / f"{kind}.json").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_section_with_an_example_that_reads(kind: str) -> None:
    section = PAGE.split(f"### {kind}\n", 1)[1]
    example = json.loads(re.search(r"```json\n(.*?)```", section, re.DOTALL)[1])  # type: ignore[index]  # else it fails
    assert example["type"] == kind
    targets = [node_id for node_id in _targets(example) if node_id is not None]
    trigger = {"id": "t", "type": "on_event", "event": "go", "next": example["id"]}
    nodes = [example] if kind == "on_event" else [trigger, example]
    nodes += [{"id": target, "type": "end"} for target in targets]
    file = {"kind": "scenario", "name": "case", "settings": {"consent_category": "whatsapp"}, "nodes": nodes}
    assert example["id"] in parse_scenario(json.dumps(file).encode(), segments).nodes


def _targets(node: dict[str, Any]) -> list[str | None]:
    ways = [node.get(key) for key in ("next", "then", "else", "otherwise", "on_timeout")]
    return ways + list(node.get("replies", {}).values())


@pytest.mark.parametrize("word", Happened)
def test_every_word_of_the_log_is_explained(word: str) -> None:
    log = PAGE.split("## The log of a journey", 1)[1]
    assert f"`{word}`" in log


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_an_example_reads_and_its_templates_stand_beside_it(path: Any) -> None:
    scenario = parse_scenario(path.read_bytes(), segments)
    beside = {json.loads(file.read_text("utf-8"))["name"]: file for file in path.parent.glob("*.template.json")}
    for node in scenario.nodes.values():
        if isinstance(node, SendTemplateNode):
            body = json.loads(beside[node.template].read_text("utf-8"))["body"]["text"]
            assert len(node.parameters) == len(set(re.findall(r"\{\{\d+\}\}", body)))


@pytest.mark.parametrize("word", [*(field.name for field in fields(CampaignFile) if field.name != "kind"), *SENDS])
def test_the_page_of_campaigns_tells_every_field_and_every_send(word: str) -> None:
    assert f"`{word}`" in CAMPAIGNS_PAGE


@pytest.mark.parametrize("path", CAMPAIGNS, ids=lambda path: path.stem)
def test_a_campaign_among_the_examples_reads_and_its_template_stands_beside_it(path: Any) -> None:
    send = parse_campaign(path.read_bytes(), segments).send
    beside = {json.loads(file.read_text("utf-8"))["name"]: file for file in path.parent.glob("*.template.json")}
    assert isinstance(send, SendTemplateNode)
    body = json.loads(beside[send.template].read_text("utf-8"))["body"]["text"]
    assert len(send.parameters) == len(set(re.findall(r"\{\{\d+\}\}", body)))


@settings(deadline=None)
@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parse_scenario(data, segments)


@settings(deadline=None)
@given(
    nodes=st.lists(
        st.dictionaries(st.sampled_from(keys), anything, max_size=5).flatmap(
            lambda node: st.sampled_from(list(KINDS)).map(lambda kind: node | {"type": kind})
        ),
        min_size=1,
        max_size=3,
    )
)
def test_any_nodes_are_refused_with_problems_and_paths(nodes: list[Any]) -> None:
    file = {"kind": "scenario", "name": "case", "nodes": [*nodes, {"type": "wait"}]}
    with pytest.raises(InvalidInputError) as caught:
        parse_scenario(json.dumps(file).encode(), segments)
    assert all(problem.field and problem.sentence.endswith((".", "?")) for problem in caught.value.problems)


@settings(deadline=None)
@given(text=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30))
def test_a_keyword_is_heard_by_itself_whatever_its_letters(text: str) -> None:
    assert said([text], [f" „{text}“! "]) == text


@settings(deadline=None)
@given(text=st.text(max_size=30))
def test_making_alike_twice_is_making_alike_once(text: str) -> None:
    assert normal_form(normal_form(text)) == normal_form(text)

"""The reference pages name what there is, no more and no less."""

import re
from pathlib import Path

import msgspec

from parley.presets import Context, parse_preset, shipped
from parley.presets.answers import BUILT_IN
from parley.presets.dialect import FILTERS, FUEL
from parley.presets.parameters import KINDS
from parley.presets.pieces import LONGEST_SOURCE, LONGEST_TAG
from parley.presets.rendering import LARGEST_BODY
from parley.presets.run import DEEPEST, LONGEST_TEXT, MOST_NODES
from parley.presets.weave import DEEPEST_BLOCKS

FOLDER = Path(__file__).parents[3] / "docs" / "reference"
PRESETS = (FOLDER / "presets.md").read_text("utf-8")
JINJA = (FOLDER / "jinja.md").read_text("utf-8")


def _rows(page: str, heading: str) -> list[str]:
    """The first column of the first table under a heading."""
    section = page.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")][2:]


def _named(cells: list[str]) -> set[str]:
    return {name for cell in cells for name in re.findall(r"`(\w[\w-]*)", cell)}


def test_the_example_is_a_preset() -> None:
    example = PRESETS.split("```json\n", 1)[1].split("```", 1)[0]
    assert parse_preset(example.encode()).name == "shop-loyalty"


def test_every_shipped_preset_has_its_line() -> None:
    assert _named(_rows(PRESETS, "Shipped presets")) == set(shipped())


def test_every_type_of_parameter_has_its_line() -> None:
    assert set(KINDS) <= _named(_rows(PRESETS, "Parameters"))


def test_every_built_in_answer_has_its_line() -> None:
    written = re.findall(r"^\| (\dxx|\d{3})( in JSON)? \| `(\w+)` \|(?: `(\w+)`)? \|$", PRESETS, re.MULTILINE)
    assert written == [(str(row.status), " in JSON" * row.in_json, row.means, row.code) for row in BUILT_IN]


def test_every_variable_and_filter_has_its_line() -> None:
    assert _named(_rows(JINJA, "Variables")) == {*Context.__struct_fields__, "customers"}
    assert _named(_rows(JINJA, "Filters")) == set(FILTERS)


def test_the_limits_are_the_written_ones() -> None:
    section = JINJA.split("## Limits\n", 1)[1]
    cells = re.findall(r"\| ([\d ]+?)(?: [a-z]+)? \|$", section, re.MULTILINE)
    written = [int(cell.replace(" ", "")) for cell in cells]
    held = [FUEL, MOST_NODES, DEEPEST, LONGEST_TEXT, LARGEST_BODY, LONGEST_SOURCE, LONGEST_TAG, DEEPEST_BLOCKS]
    assert written == held


def test_a_preset_survives_being_written_and_read() -> None:
    assert all(parse_preset(msgspec.json.encode(one)) == one for one in shipped().values())

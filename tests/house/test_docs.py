"""The pages tell the truth: links lead somewhere, JSON reads, and every command and every refusal has its line."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from parley.cli.main import app
from parley.queue.backoff import delay
from parley.services.deliver_messages import ATTEMPTS
from parley.services.read_definitions import File, read_definitions
from parley.store.doctor import What
from parley_simulator.faults import CALLBACK_KINDS, FATE_KINDS, REQUEST_KINDS, Fault
from parley_simulator.settings import Settings
from tests.rules.templates import lint_page
from tests.support.labelled import SETS, table

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
CLI = (DOCS / "reference" / "cli.md").read_text("utf-8")
REFUSALS = (DOCS / "how-to" / "why-was-my-message-refused.md").read_text("utf-8")
PRESETS = (DOCS / "reference" / "presets.md").read_text("utf-8")
SIMULATOR = (DOCS / "reference" / "simulator.md").read_text("utf-8")
PROMOTION = (DOCS / "reference" / "promotion.md").read_text("utf-8")
SERVICES = ROOT / "src" / "parley" / "services"
DECIDING = (*sorted((ROOT / "src" / "parley" / "policy").glob("*.py")), SERVICES / "plan_messages.py")
SENDING = (
    SERVICES / "claim_messages.py",
    SERVICES / "expire_messages.py",
    SERVICES / "deliver_messages.py",
    SERVICES / "settle_message.py",
    SERVICES / "settle_by_rule.py",
    SERVICES / "look_at_provider.py",
    SERVICES / "fall_back.py",
    SERVICES / "steer_campaigns.py",
    ROOT / "src" / "parley" / "providers" / "oauth2.py",
)
CODE_AT = {"Deny": 0, "Defer": 1, "NotAccepted": 0, "NotLeft": 0}
"""Which argument of a verdict is its code."""


def _commands(group: App, name: str) -> list[tuple[str, App]]:
    """Everything that does something, with all the words one types."""
    found: list[tuple[str, App]] = []
    for word in group:
        if not word.startswith("-"):
            found += [(f"{name} {word}", group[word])] if group[word].default_command else []
            found += _commands(group[word], f"{name} {word}")
    return found


COMMANDS = _commands(app, "parley")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in _links(page) if not _is_there(page, link)] == []


def _links(page: Path) -> list[str]:
    """Relative ones, outside code."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    return [link for link in found if not link.startswith(("https://", "http://", "mailto:"))]


def _is_there(page: Path, link: str) -> bool:
    path, _, place = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not place or place in _anchors(target))


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_block_of_json_reads(page: Path) -> None:
    for block in _json_blocks(page):
        json.loads(block)


def _json_blocks(page: Path) -> list[str]:
    return re.findall(r"^```json\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_index_names_every_page() -> None:
    named = {(DOCS / link.partition("#")[0]).resolve() for link in _links(DOCS / "README.md")}
    assert {page for page in PAGES if page.parent.is_relative_to(DOCS)} - named == {DOCS / "README.md"}


def test_the_code_names_only_pages_that_are_there() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert {page for page in re.findall(r"docs/[\w/-]+\.md", code) if not (ROOT / page).exists()} == set()


def test_every_command_has_its_section() -> None:
    headings = re.findall(r"^## `(parley [a-z -]+)`$", CLI, re.MULTILINE)
    assert sorted(headings) == sorted(name for name, _ in COMMANDS)


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_every_option_has_its_row(name: str, command: App) -> None:
    section = CLI.split(f"## `{name}`\n", 1)[1].split("\n## ", 1)[0]
    assert [option for option in _options(command) if f"`{option}" not in section] == []


def _options(command: App) -> Iterator[str]:
    """`--name` of every option, `NAME` of every word in its place."""
    for argument in command.assemble_argument_collection():
        if argument.show:
            yield argument.names[0] if argument.field_info.is_keyword_only else _in_capitals(argument.names[0])


def _in_capitals(name: str) -> str:
    return name.removeprefix("--").upper().replace("-", "_")


def test_every_refusal_has_its_row() -> None:
    assert _rows("When it is planned") == _codes(DECIDING)


def test_every_end_on_the_way_out_has_its_row() -> None:
    assert _rows("When it is sent") == _codes(SENDING)


def _rows(heading: str) -> set[str]:
    section = REFUSALS.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def _codes(files: tuple[Path, ...]) -> set[str]:
    return {code for file in files for code in _codes_in(ast.parse(file.read_text("utf-8")))}


def _codes_in(tree: ast.AST) -> Iterator[str]:
    """The code of every verdict that is made here; one that is copied from another is no literal."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            given = node.args[CODE_AT[node.func.id] :][:1] if node.func.id in CODE_AT else []
            given += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_for_how_long_a_passing_fault_is_tried_is_as_it_is() -> None:
    least, most = (sum(delay(number, chance) for number in range(1, ATTEMPTS)) / 60 for chance in (0, 1))
    assert f"{ATTEMPTS} times in all within {least:.0f} to {most:.0f} minutes" in PRESETS


def test_everything_that_can_wait_has_its_row() -> None:
    section = CLI.split("## `parley doctor`\n", 1)[1].split("\n## ", 1)[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(What)


def test_every_knob_of_the_simulator_has_its_row() -> None:
    words = {*Settings.__struct_fields__, *REQUEST_KINDS, *FATE_KINDS, *CALLBACK_KINDS, *Fault.__struct_fields__}
    assert {word for word in words if f"`{word}`" not in SIMULATOR} == set()


def test_the_page_of_the_linter_is_made_from_its_rules() -> None:
    assert lint_page.PATH.read_text("utf-8") == lint_page.page(), "run python -m tests.rules.templates.lint_page"


@pytest.mark.parametrize("name", SETS)
def test_the_page_of_the_promotional_check_tells_its_figures(name: str) -> None:
    assert table(name) in PROMOTION, "run python bench/promotion.py"


def test_make_bench_runs_what_the_figures_say_it_does() -> None:
    more = re.findall(r'"bench/(\w+\.py)( [^"]+)"', (ROOT / "Makefile").read_text("utf-8"))
    figures = (ROOT / "bench" / "RESULTS.md").read_text("utf-8").partition("## ")[0]
    assert re.findall(r"`(\w+\.py)( [^`]+)`", figures) == more
    for script, words in more:
        options = re.findall(r"--[a-z-]+", words)
        code = (ROOT / "bench" / script).read_text("utf-8")
        assert [option for option in options if f'add_argument("{option}"' not in code] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_definition_is_one_that_parley_takes(page: Path) -> None:
    for block in _json_blocks(page):
        if block.lstrip().startswith('{\n  "kind": '):
            environment = dict.fromkeys(re.findall(r'"\$env": "(\w+)"', block), "secret")
            assert read_definitions([File(page.name, block.encode())], environment)

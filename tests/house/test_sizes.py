"""A file of 400 lines or a function of 40 needs a reason beside its name: `# long: because ...`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 400
LONGEST_FUNCTION = 40
REASON = "# long: "
SOURCES = sorted(path for room in ("src", "tests", "bench", "chaos") for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_is_short_or_says_why_not(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert len(lines) <= LONGEST_FILE or REASON in "\n".join(lines[:5]), f"{path} has {len(lines)} lines"
    assert list(_long_functions(text, lines)) == []


def _long_functions(text: str, lines: list[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION and REASON not in lines[node.lineno - 1]:
                yield f"{node.name} has {length} lines"

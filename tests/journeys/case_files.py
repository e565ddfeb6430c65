"""Cases are JSON files: a list of objects, each with a description, an input and what is expected."""

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "cases" / "journeys"

Case = dict[str, Any]


def read(path: Path) -> list[Case]:
    """Every case of a file."""
    cases: list[Case] = json.loads(path.read_text("utf-8"))
    return cases


def params(paths: list[Path]) -> list[Any]:
    """A pytest parameter (path, place in the file) for every case."""
    return [
        pytest.param(path, index, id=f"{path.stem}: {case['description']}")
        for path in paths
        for index, case in enumerate(read(path))
    ]


def expect(path: Path, index: int, found: Any, *, update: bool) -> None:
    """Asserts that the case expects what was found; or writes it down."""
    cases = read(path)
    if update:
        cases[index]["expected"] = found
        path.write_text(json.dumps(cases, indent=2, ensure_ascii=False) + "\n", "utf-8")
    else:
        assert found == cases[index].get("expected")

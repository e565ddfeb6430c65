"""docs/house.md draws the truth: the rooms it names are the rooms there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOUSE = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")


def test_it_draws_every_room_and_no_other() -> None:
    drawing = HOUSE.split("## Rooms and floors")[1].split("```")[1].split("src/parley_simulator")[0]
    drawn = set(re.findall(r"^  ([a-z_]+)/ ", drawing, re.MULTILINE))
    built = {path.name for path in (ROOT / "src" / "parley").iterdir() if (path / "__init__.py").exists()}
    assert drawn == built


def test_it_draws_every_room_of_the_tests() -> None:
    drawing = HOUSE.split("\ntests/ ")[1].split("\nbench/ ")[0]
    drawn = set(re.findall(r"([a-z_0-9]+)/", drawing))
    built = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and not path.name.startswith(("_", "."))}
    assert drawn == built


def test_it_names_only_decisions_that_stand() -> None:
    numbers = [int(number) for number in re.findall(r"^(\d)\. \*\*", HOUSE, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))

"""SQL lives in files, named; each query is used, says who uses it, and is one that PostgreSQL can plan."""

import re
from pathlib import Path

import pytest

from parley.store.database import Database, Query, sql

ROOT = Path(__file__).parents[2]
ALL = [(file, name, query) for file, name, query in sql.all()]
STORE = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/parley/store").glob("*.py"))
IDS = [f"{file}.{name}" for file, name, _ in ALL]
NAMED_TOGETHER = ("merges",)
"""Files whose queries are called by a list of names, which stands beside them in the Python file of that name."""


@pytest.mark.parametrize(("file", "name"), [(file, name) for file, name, _ in ALL], ids=IDS)
def test_it_is_used(file: str, name: str) -> None:
    called = rf"sql\.{file}\.{name}\b" if file not in NAMED_TOGETHER else rf"(sql\.{file}\.{name}\b|\"{name}\")"
    assert re.search(called, STORE), f"nobody calls {file}.{name}"


@pytest.mark.parametrize("path", sorted((ROOT / "src/parley/store/queries").glob("*.sql")), ids=lambda path: path.name)
def test_every_query_says_who_calls_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    names = re.findall(r"^-- name: ", text, re.MULTILINE)
    said = re.findall(r"(?:^-- name: .*\n-- \S.*|^-- \S.*\n-- name: )", text, re.MULTILINE)
    assert len(said) == len(names)


@pytest.mark.parametrize("query", [query for _, _, query in ALL], ids=IDS)
async def test_it_runs_under_explain(database: Database, query: Query) -> None:
    async with database.connection() as connection:
        # The simple protocol: a generic plan leaves the parameters open.
        assert await connection.execute(f"EXPLAIN (GENERIC_PLAN) {query.text}") == "EXPLAIN"

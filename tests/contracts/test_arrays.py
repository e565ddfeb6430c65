"""What the driver takes for an array, told apart by its type alone (parley.store.database)."""

from collections import deque
from typing import Any

import asyncpg
import pytest

from parley.domain.ids import new_id
from parley.store.database import Database

IDS = [new_id(), new_id()]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("uuid", IDS),
        ("uuid", tuple(IDS)),
        ("uuid", set(IDS)),
        ("uuid", frozenset(IDS)),
        ("uuid", dict.fromkeys(IDS).keys()),
        ("uuid", dict(enumerate(IDS)).values()),
        ("text", ["a", "", '{b,"c"}', None]),
        ("text", []),
        ("text", [["a", "b"], ["c", "d"]]),
        ("bytea", [b"\x00", b"[]"]),
        ("jsonb", [[1, 2], {"a": [3]}, "text", None]),
    ],
)
async def test_an_array_comes_back_as_it_went(database: Database, kind: str, given: Any) -> None:
    if kind == "jsonb":
        given = [{"it": value} for value in given]
    async with database.connection() as connection:
        assert await connection.fetchval(f"SELECT $1::{kind}[]", given) == list(given)


async def test_nothing_else_is_one(database: Database) -> None:
    """Or else the driver asks every element again, by the slow way: it has changed, and nobody told it."""
    async with database.connection() as connection:
        with pytest.raises(asyncpg.DataError, match="a sized iterable container expected"):
            await connection.fetchval("SELECT $1::uuid[]", deque(IDS))

"""A database of its own, which may go away."""

import itertools
from collections.abc import AsyncIterator

import psycopg
import pytest

_numbers = itertools.count()


@pytest.fixture
async def empty_url(database_url: str) -> AsyncIterator[str]:
    """A database without any table."""
    name = f"health_{next(_numbers)}"
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        yield database_url.replace("/postgres?", f"/{name}?")
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

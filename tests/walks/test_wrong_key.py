"""A server that is started with another key says so before it takes work, and a lost key is no dead end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
from cryptography.fernet import Fernet

from parley.services.check_key import check_key
from parley.services.secret_box import SecretBox, WrongKeyError
from parley.store.database import Connection, Database
from tests.walks.walk import LEGACY, Walk


async def test_another_key_is_found_out_until_the_secrets_are_stored_under_it(walk: Walk) -> None:
    other = SecretBox(Fernet.generate_key().decode())
    await check_key(walk.database, walk.box)
    with pytest.raises(WrongKeyError, match="parley apply"):
        await check_key(walk.database, other)
    walk.box = other
    walk.now += timedelta(minutes=1)
    (again,) = await walk.apply(LEGACY)
    assert again.happening == "changed"
    await check_key(walk.database, other)
    (once_more,) = await walk.apply(LEGACY)
    assert once_more.happening == "unchanged"


class _Recovering(Database):
    """Cuts the first connection off."""

    def __init__(self, database: Database) -> None:
        self._whole = database
        self.cut = 0

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        if not self.cut:
            self.cut += 1
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        async with self._whole.connection() as connection:
            yield connection


async def test_a_database_that_goes_away_meanwhile_is_waited_for(walk: Walk) -> None:
    database = _Recovering(walk.database)
    await check_key(database, walk.box)
    assert database.cut == 1

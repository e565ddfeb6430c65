"""What the database says of itself is no fault of the caller, and not always the last word on what was asked."""

import asyncio

import asyncpg
import pytest
import requests
from litestar import Litestar, get

from parley.api.errors import EXCEPTION_HANDLERS
from parley.store.database import Database, is_in_doubt
from tests.support.serving import served


def _reported(severity: str, code: str) -> Exception:
    """As PostgreSQL does."""
    told: Exception = asyncpg.PostgresError.new({"S": severity, "V": severity, "C": code, "M": "told"})
    return told


ADMIN_SHUTDOWN, IO_ERROR, DISK_FULL, INTERNAL, DEADLOCK, NUL = "57P01", "58030", "53100", "XX000", "40P01", "22P05"
IN_DOUBT = [
    _reported("FATAL", ADMIN_SHUTDOWN),
    _reported("PANIC", IO_ERROR),
    _reported("PANIC", INTERNAL),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("unexpected message"),
    OSError(113, "No route to host"),
    TimeoutError(),
]
ROLLED_BACK = [_reported("ERROR", code) for code in (IO_ERROR, DISK_FULL, INTERNAL, DEADLOCK, NUL)]


@pytest.mark.parametrize("error", IN_DOUBT, ids=repr)
def test_what_ends_the_connection_or_the_waiting_leaves_it_in_doubt(error: Exception) -> None:
    assert is_in_doubt(error)


@pytest.mark.parametrize("error", [*ROLLED_BACK, KeyError("one of ours")], ids=repr)
def test_what_is_rolled_back_is_not_in_doubt(error: Exception) -> None:
    assert not is_in_doubt(error)


async def test_neither_is_what_cannot_be_sent(database: Database) -> None:
    async with database.connection() as connection:
        with pytest.raises(asyncpg.DataError) as told:
            await connection.fetchval("SELECT $1::text", 1)
    assert not is_in_doubt(told.value)


@pytest.mark.parametrize("error", IN_DOUBT, ids=repr)
async def test_whoever_is_left_in_doubt_is_asked_to_come_again(error: Exception) -> None:
    @get("/")
    async def door() -> None:
        raise error

    async with served(Litestar([door], exception_handlers=EXCEPTION_HANDLERS)) as url:
        answer = await asyncio.to_thread(requests.get, url, timeout=20)
    assert (answer.status_code, answer.json()["success"]) == (503, False)
    assert answer.headers["Retry-After"]

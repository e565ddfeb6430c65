"""SIGTERM finishes what is in flight, and several processes share one database without taking a message twice."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from parley.store.embedded import embedded_server
from tests.contracts.providers.loopback import http_server
from tests.frame.processes import HOLD, end, running, serving, until
from tests.frame.shop import KEY, Sinch, listeners, open_shop, remind, states, worker

SLOW_SECONDS = 3.0
CUSTOMERS = 40


async def test_sigterm_finishes_what_is_in_flight(tmp_path: Path) -> None:
    sinch, data_dir = Sinch(SLOW_SECONDS), tmp_path / "data"
    async with http_server(sinch) as url:
        shop = await open_shop(tmp_path / "files", data_dir, url)
        async with serving(data_dir) as (server, address):
            await asyncio.to_thread(remind, address, shop, range(1))
            await until(lambda: bool(sinch.asked), "the provider is called")
            assert await end(server) == 0
    assert sinch.answered.total() == 1
    with embedded_server(data_dir) as database:
        assert states(database.url) == {"accepted": 1}


@pytest.mark.parametrize("ended", ["by SIGTERM", "never"])
async def test_several_processes_share_one_database(tmp_path: Path, ended: str) -> None:
    """Two servers with a worker each, and two workers more; one of those is told to stop in the middle."""
    sinch = Sinch(0.3)
    async with http_server(sinch) as url, AsyncExitStack() as stack:
        _, database = await stack.enter_async_context(running("-c", HOLD, str(tmp_path / "held")))
        more: dict[str, Any] = {"PARLEY_DATABASE_URL": database}
        more["PARLEY_SECRET_KEY"] = KEY
        shop = await open_shop(tmp_path / "files", tmp_path / "own", url, **more)
        servers = [await stack.enter_async_context(serving(tmp_path / name, **more)) for name in ("a", "b")]
        workers = [await stack.enter_async_context(worker(tmp_path / "own", more)) for _ in range(2)]
        await until(lambda: listeners(database) == 2 * len(workers), "all workers are at work")
        await asyncio.to_thread(remind, servers[0][1], shop, range(CUSTOMERS))
        if ended == "by SIGTERM":
            assert await end(workers.pop()) == 0
        await until(lambda: states(database) == {"accepted": CUSTOMERS}, "all are accepted")
        for process in (*workers, *(server for server, _ in servers)):
            assert await end(process) == 0
    assert set(sinch.asked.values()) == {1}
    assert len(sinch.asked) == CUSTOMERS

"""A worker process whose clock is set an hour on or back while it sends, beside one whose clock is right.

The clock is handed in where the house is wired; all else is as `parley worker` has it. PostgreSQL, the API and Sinch
keep the machine's time. What each point of a message's life makes of a step is in tests/walks/test_clock_steps.py.
"""

import asyncio
from asyncio.subprocess import Process
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.contracts.providers.loopback import http_server
from tests.frame.processes import HOLD, end, running, serving, started, until
from tests.frame.shop import KEY, Sinch, listeners, open_shop, remind, states, worker

STEPPED = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from parley.cli.working import work
from parley.config import read_config
from parley.domain.clock import system_clock

off = timedelta()

def step():
    global off
    off = timedelta(seconds=float(sys.stdin.readline()))

async def main():
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), step)
    await work(read_config(Path(sys.argv[1])), until_stdin_closes=False, clock=lambda: system_clock() + off)

asyncio.run(main())
"""
"""Run with a data folder, is a worker that reads by how many seconds its clock is wrong from now on."""
HOUR = 3600
MORE_THAN_AN_HOUR = HOUR + 60
CUSTOMERS = 60


def _set_clock(process: Process, off: int) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{off}\n".encode())


def _is_quiet(url: str) -> bool:
    """Nothing is due by a clock that is right, no call is under way, and no journey waits for its turn."""
    due = "state IN ('planned', 'queued') AND due_at <= now()"
    with psycopg.connect(url) as connection:
        return connection.execute(f"SELECT FROM messages WHERE state = 'sending' OR {due}").fetchone() is None


@pytest.mark.parametrize("off", [HOUR, -HOUR], ids=["forward", "back"])
async def test_a_process_whose_clock_steps_and_steps_back_loses_nothing_and_repeats_nothing(
    tmp_path: Path, off: int
) -> None:
    sinch = Sinch(0.5)
    async with http_server(sinch) as url, AsyncExitStack() as stack:
        _, database = await stack.enter_async_context(running("-c", HOLD, str(tmp_path / "held")))
        more: dict[str, Any] = {"PARLEY_DATABASE_URL": database, "PARLEY_SECRET_KEY": KEY, "PARLEY_LEASE_SECONDS": "20"}
        shop = await open_shop(tmp_path / "files", tmp_path / "own", url, **more)
        _, address = await stack.enter_async_context(serving(tmp_path / "own", "--workers", "0", **more))
        stepped = await stack.enter_async_context(started("-c", STEPPED, str(tmp_path / "own"), **more))
        right = await stack.enter_async_context(worker(tmp_path / "own", more))
        await until(lambda: listeners(database) == 2, "both are at work")
        sending = asyncio.create_task(asyncio.to_thread(remind, address, shop, range(CUSTOMERS)))
        for reached, then in ((CUSTOMERS // 4, off), (CUSTOMERS // 2, 0)):
            await until(lambda: len(sinch.asked) >= reached, "it is in the middle")  # noqa: B023  awaited here
            _set_clock(stepped, then)
        await sending
        await until(lambda: _is_quiet(database), "nothing is due")
        _set_clock(stepped, MORE_THAN_AN_HOUR)  # the time that was planned for has come
        await until(lambda: states(database) == {"accepted": CUSTOMERS}, "all are accepted")
        for process in (stepped, right):
            assert await end(process) == 0
    assert set(sinch.asked.values()) == {1}
    assert len(sinch.asked) == CUSTOMERS

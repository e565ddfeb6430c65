"""`parley serve` from its start to every kind of end."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import requests

from parley.cli.serving import keep_worker
from tests.frame.processes import (
    HOLD,
    SECONDS,
    database_pid,
    end,
    environment,
    parley,
    running,
    serving,
    until,
    workers_of,
)


async def _status(url: str) -> int:
    try:
        return (await asyncio.to_thread(requests.get, url, timeout=10)).status_code
    except requests.ConnectionError:
        return 0


async def _is(status: int, url: str) -> bool:
    return await _status(url) == status


async def test_it_serves_until_it_is_told_to_stop_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async with serving(tmp_path) as (server, address):
        assert await _status(f"{address}/health") == 200
        assert await _status(f"{address}/ready") == 200
        assert await end(server) == 0
    await until(lambda: workers_of(tmp_path) == [] and database_pid(tmp_path) is None, "everything has ended")


async def test_a_signal_while_it_starts_ends_it_in_order(tmp_path: Path) -> None:
    command = ("-m", "parley", "serve", "--port", "0", "--data-dir", str(tmp_path))
    server = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE, stderr=PIPE, env=environment())
    await until((tmp_path / "holders.lock").exists, "it is starting its database")
    server.send_signal(signal.SIGTERM)
    _, err = await asyncio.wait_for(server.communicate(), SECONDS)
    assert (server.returncode, err) == (0, b"")
    await until(lambda: workers_of(tmp_path) == [] and database_pid(tmp_path) is None, "everything has ended")


async def test_a_worker_that_is_killed_is_replaced_and_every_line_of_the_log_is_json(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with serving(tmp_path / "data", "--log-format", "json", log=log) as (server, _):
        await until(lambda: len(workers_of(tmp_path / "data")) == 1, "a worker runs")
        (worker,) = workers_of(tmp_path / "data")
        os.kill(worker, signal.SIGKILL)
        await until(lambda: workers_of(tmp_path / "data") not in ([], [worker]), "another worker runs")
        assert await end(server) == 0
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [one["code"] for one in lines if one["event"] == "a worker ended, starting another"] == [-9]


async def test_a_worker_that_cannot_be_started_is_tried_again_until_it_is_told_to_stop() -> None:
    workers: list[Process] = []
    failures = [BlockingIOError("no process left"), OSError("no memory left")]

    async def start() -> Process:
        if failures:
            raise failures.pop()
        workers.append(await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=PIPE))
        return workers[-1]

    stopping = asyncio.Event()
    keeping = asyncio.create_task(keep_worker(start, stopping))
    await until(lambda: bool(workers) or keeping.done(), "a worker runs")
    stopping.set()
    await asyncio.wait_for(keeping, SECONDS)
    assert [worker.returncode for worker in workers] == [-signal.SIGTERM]


async def test_its_workers_and_database_end_when_it_is_killed(tmp_path: Path) -> None:
    async with serving(tmp_path) as (server, _):
        await until(lambda: len(workers_of(tmp_path)) == 1, "a worker runs")
        server.kill()
        await server.wait()
    await until(lambda: workers_of(tmp_path) == [] and database_pid(tmp_path) is None, "everything has ended")


async def test_it_recovers_by_itself_when_its_database_is_killed(tmp_path: Path) -> None:
    async with serving(tmp_path) as (server, address):
        pid = database_pid(tmp_path)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: database_pid(tmp_path) not in (None, pid), "the database is started again")

        await until(lambda: _is(200, f"{address}/ready"), "the server is ready again")
        assert await end(server) == 0


async def test_it_says_why_it_is_not_ready_while_its_database_is_away(tmp_path: Path) -> None:
    outside, own = tmp_path / "outside", tmp_path / "own"
    async with AsyncExitStack() as stack:
        async with running("-c", HOLD, str(outside)) as (_, url):
            server, address = await stack.enter_async_context(serving(own, PARLEY_DATABASE_URL=url))
            assert await _status(f"{address}/ready") == 200
        await until(lambda: _is(503, f"{address}/ready"), "it is not ready")
        told = (await asyncio.to_thread(requests.get, f"{address}/ready", timeout=10)).json()
        assert told["status"] == "not ready"
        assert told["reason"].startswith("The database cannot be reached")
        assert await _status(f"{address}/health") == 200
        async with running("-c", HOLD, str(outside)) as (_, again):
            assert again == url
            await until(lambda: _is(200, f"{address}/ready"), "it is ready again")
            assert await end(server) == 0


async def test_a_port_in_use_is_told_with_the_remedy(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, address):
        port = address.rpartition(":")[2]
        second = await parley("serve", "--port", port, "--data-dir", str(tmp_path))
    assert second.code == 1
    assert f"127.0.0.1:{port} cannot be served on" in second.err
    assert "--port" in second.err
    assert "Traceback" not in second.err


async def test_an_outside_database_is_used_when_one_is_given(tmp_path: Path, database_url: str) -> None:
    name = database_url.replace("/postgres?", "/outside?")
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE outside")
    async with serving(tmp_path, PARLEY_DATABASE_URL=name) as (server, address):
        assert await _status(f"{address}/ready") == 200
        assert not (tmp_path / "postgres").exists()
        assert await end(server) == 0

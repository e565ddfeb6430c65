"""A database that crashes: who starts meanwhile waits until it has recovered or starts it, who was at work says so."""

import asyncio
import os
import signal
from contextlib import closing
from pathlib import Path

import psycopg

from parley.store.embedded import embedded_server
from parley.store.migrate import migrate, pending
from tests.frame.processes import HOLD, SECONDS, database_pid, parley, running, serving, until

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
ROUNDS = 10
"""PostgreSQL refuses connections for some hundredths of a second each time."""


async def test_a_start_while_the_database_recovers_waits_for_it(tmp_path: Path) -> None:
    with embedded_server(tmp_path) as server:
        migrate(server.url)
        for _ in range(ROUNDS):
            with psycopg.connect(server.url) as crashing:
                os.kill(crashing.info.backend_pid, signal.SIGKILL)  # PostgreSQL then restarts all of itself
                await asyncio.sleep(0.02)
                assert pending(server.url) == []


async def test_a_command_whose_connection_is_cut_ends_with_a_sentence(tmp_path: Path) -> None:
    with embedded_server(tmp_path) as server:
        migrate(server.url)
        with psycopg.connect(server.url) as holding, psycopg.connect(server.url, autocommit=True) as cutting:
            holding.execute("LOCK TABLE projects")
            listing = asyncio.create_task(parley("project", "list", "--data-dir", str(tmp_path)))
            async with asyncio.timeout(SECONDS):
                while not cutting.execute(CUT).fetchall():  # noqa: ASYNC110  another process waits there
                    await asyncio.sleep(0.02)
            ended = await listing
    assert ended.code == 1
    assert "The database went away in the middle of it" in ended.err
    assert "Traceback" not in ended.err


async def test_a_server_whose_database_dies_while_it_starts_starts_it(tmp_path: Path) -> None:
    async with running("-c", HOLD, str(tmp_path)) as (_, url):
        migrate(url)
        with closing(psycopg.connect(url)) as holding, closing(psycopg.connect(url, autocommit=True)) as looking:
            holding.execute("LOCK TABLE secrets")
            server = asyncio.create_task(_served(tmp_path))
            await until(lambda: looking.execute(WAITS).fetchall() == [(1,)], "it waits for the database")
            os.kill(database_pid(tmp_path) or 0, signal.SIGKILL)
            assert await server


async def _served(data_dir: Path) -> bool:
    """Did it come to serve?"""
    async with serving(data_dir, "--workers", "0") as (process, _):
        return process.returncode is None

"""A database that crashes: who starts meanwhile waits until it has recovered, who was at work says so."""

import asyncio
import os
import signal
from pathlib import Path

import psycopg

from parley.store.embedded import embedded_server
from parley.store.migrate import migrate, pending
from tests.frame.processes import SECONDS, parley

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
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

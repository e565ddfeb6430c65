"""A process that starts in the moment after a crash of its database waits until it has recovered."""

import asyncio
import os
import signal
from pathlib import Path

import psycopg

from parley.store.embedded import embedded_server
from parley.store.migrate import migrate, pending

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

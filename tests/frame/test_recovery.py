"""A database that crashes: who starts meanwhile waits until it has recovered or starts it, who was at work says so."""

import asyncio
import os
import signal
import socket
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import psycopg
import pytest

from parley.cli.running import DatabaseLostError, run
from parley.house import House
from parley.services.callback_spool import Arrival, CallbackSpool
from parley.store.embedded import EmbeddedServer, embedded_server
from parley.store.migrate import migrate, pending
from tests.frame.processes import HOLD, SECONDS, database_pid, frozen, parley, running, serving, until
from tests.support.builders import NOW

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
                while psutil.pid_exists(crashing.info.backend_pid):  # noqa: ASYNC110  until it takes note of that
                    await asyncio.sleep(0.001)
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


def test_a_statement_that_is_not_answered_in_time_ends_with_a_sentence(tmp_path: Path) -> None:
    async def wait(_: House) -> None:
        raise TimeoutError  # as the driver does after half a minute

    with pytest.raises(DatabaseLostError, match="it did not answer in time"):
        run(tmp_path, wait, may_create=True)


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


async def test_a_database_that_hangs_is_told_with_what_lies_on_the_disk(tmp_path: Path) -> None:
    with embedded_server(tmp_path) as server:
        migrate(server.url)
        _spool_a_callback(tmp_path / "spool")
        with frozen(database_pid(tmp_path) or 0):
            doctor, listing = await asyncio.gather(
                parley("doctor", "--data-dir", str(tmp_path)), parley("project", "list", "--data-dir", str(tmp_path))
            )
    assert (doctor.code, listing.code, doctor.err, listing.out) == (1, 1, "", "")
    assert "database away" in doctor.out
    assert "1 callback spooled" in doctor.out
    for said in (doctor.out, listing.err):
        assert "it takes connections and does not answer" in said


def _spool_a_callback(folder: Path) -> None:
    spool = CallbackSpool(folder, 10_000)
    spool.keep([Arrival(NOW, "token", {}, b"{}")])
    spool.seal()


def test_a_database_that_hangs_and_has_a_queue_counts_as_running(tmp_path: Path) -> None:
    cluster = tmp_path / "postgres"
    cluster.mkdir()
    cluster.joinpath("postmaster.pid").write_text(f"0\n0\n0\n5432\n{tmp_path}\n", "utf-8")
    with ExitStack() as doors:
        hanging = doors.enter_context(socket.socket(socket.AF_UNIX))
        hanging.bind(str(tmp_path / ".s.PGSQL.5432"))
        hanging.listen(0)
        doors.enter_context(socket.socket(socket.AF_UNIX)).connect(hanging.getsockname())  # nobody takes it
        EmbeddedServer(tmp_path).revive()  # at once, and without a try to start another
    assert not (tmp_path / "start.lock").exists()

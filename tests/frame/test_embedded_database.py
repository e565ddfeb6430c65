"""The embedded PostgreSQL: one per data folder, gone with its last user, back after any crash."""

import os
import signal
from pathlib import Path

import psycopg
import pytest

from parley.store import embedded
from parley.store.embedded import DataFolderError, embedded_server
from tests.frame.processes import database_pid, running, until

HOLD = """
import sys
from pathlib import Path
from parley.store.embedded import embedded_server
with embedded_server(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


def _answers(url: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT 1").fetchone()
        return row == (1,)


async def test_three_processes_share_one_and_the_last_one_ends_it(tmp_path: Path) -> None:
    async with (
        running("-c", HOLD, str(tmp_path)) as (first, url),
        running("-c", HOLD, str(tmp_path)) as (second, other_url),
        running("-c", HOLD, str(tmp_path)) as (third, _),
    ):
        assert url == other_url
        server = database_pid(tmp_path)
        for process in (first, second):
            process.kill()
            await process.wait()
        assert _answers(url)
        assert database_pid(tmp_path) == server
        assert third.stdin is not None
        third.stdin.close()
        await third.wait()
        await until(lambda: database_pid(tmp_path) is None, "the server stops with its last user")


async def test_it_ends_after_kill_9_of_its_only_user_and_starts_again(tmp_path: Path) -> None:
    async with running("-c", HOLD, str(tmp_path)) as (process, url):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        process.kill()
        await process.wait()
    await until(lambda: database_pid(tmp_path) is None, "the guard stops the server")
    with embedded_server(tmp_path) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


async def test_a_killed_server_is_revived(tmp_path: Path) -> None:
    with embedded_server(tmp_path) as server:
        pid = database_pid(tmp_path)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: database_pid(tmp_path) != pid, "the server is gone")
        server.revive()
        assert _answers(server.url)


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(DataFolderError, match="--data-dir"), embedded_server(tmp_path / "file" / "data"):
        pass


def test_another_version_s_folder_is_left_alone(tmp_path: Path) -> None:
    cluster = tmp_path / "postgres"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("16\n", encoding="utf-8")
    with pytest.raises(DataFolderError, match="written by PostgreSQL 16"), embedded_server(tmp_path):
        pass
    assert [path.name for path in cluster.iterdir()] == ["PG_VERSION"]


def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "NEEDED_DISK_BYTES", 2**62)  # no disk of ours is that large
    with pytest.raises(DataFolderError, match="nearly full"), embedded_server(tmp_path):
        pass
    assert not (tmp_path / "postgres" / "PG_VERSION").exists()

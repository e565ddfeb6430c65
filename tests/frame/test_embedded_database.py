"""The embedded PostgreSQL: one per data folder, gone with its last user, back after any crash."""

import asyncio
import fcntl
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import psutil
import psycopg
import pytest

from parley.store.embedded import DRAFT, DataFolderError, DiskFullError, embedded_server
from tests.frame.processes import HOLD, SECONDS, database_pid, environment, running, started, until

MORE_THAN_ANY_DISK = 2**62


def _answers(url: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT 1").fetchone()
        return row == (1,)


def _drafts(data_dir: Path) -> list[Path]:
    """Databases in the making."""
    return list(data_dir.glob(f"{DRAFT}*"))


def _is_being_made(data_dir: Path) -> bool:
    """By initdb, half-way: its longest step begins."""
    return any((draft / "base" / "1" / "PG_VERSION").exists() for draft in _drafts(data_dir))


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


async def test_several_that_start_at_the_same_moment_on_an_empty_folder_share_one(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        starting = [stack.enter_async_context(running("-c", HOLD, str(tmp_path))) for _ in range(3)]
        held = await asyncio.gather(*starting)
        (url,) = {url for _, url in held}
        assert _answers(url)
        assert not _drafts(tmp_path)
    await until(lambda: database_pid(tmp_path) is None, "the server stops with its last user")


async def test_it_starts_again_after_kill_9_while_the_database_was_being_made(tmp_path: Path) -> None:
    hold = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLD, str(tmp_path), env=environment())
    await until(lambda: _is_being_made(tmp_path), "it is being made")
    hold.kill()
    await hold.wait()
    async with running("-c", HOLD, str(tmp_path)) as (_, url):
        assert _answers(url)
    await until(lambda: database_pid(tmp_path) is None, "the guard stops the server")


@pytest.mark.parametrize(("command", "code"), [("project create Shop", 130), ("serve --port 0 --workers 0", 0)])
async def test_ctrl_c_while_the_database_is_being_made_is_no_error(tmp_path: Path, command: str, code: int) -> None:
    words = ("-m", "parley", *command.split(), "--data-dir", str(tmp_path))
    async with started(*words, log=tmp_path / "log", start_new_session=True) as process:
        await until(lambda: _is_being_made(tmp_path), "it is being made")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the command and all in its process group
        assert await asyncio.wait_for(process.wait(), SECONDS) == code
    assert "error" not in (tmp_path / "log").read_text(encoding="utf-8")
    await until(lambda: database_pid(tmp_path) is None, "the guard stops the server")


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


def _ended_children() -> set[int]:
    """Of this process; nobody has asked what became of them."""
    ended = {"ppid": os.getpid(), "status": psutil.STATUS_ZOMBIE}
    return {one.pid for one in psutil.process_iter(["ppid", "status"]) if one.info == ended}


async def test_a_guard_that_took_another_s_look_for_a_guard_is_replaced(tmp_path: Path) -> None:
    before = _ended_children()
    with (tmp_path / "guard.lock").open("ab") as look, ThreadPoolExecutor() as threads, ExitStack() as held:
        fcntl.flock(look, fcntl.LOCK_SH)  # as whoever asks whether one is on duty, held for longer
        starting = threads.submit(lambda: held.enter_context(embedded_server(tmp_path)))
        await until(lambda: not _ended_children() <= before, "a guard has come and gone")
        fcntl.flock(look, fcntl.LOCK_UN)
        assert _answers((await asyncio.wrap_future(starting)).url)
    await until(lambda: database_pid(tmp_path) is None, "the guard stops the server")


@pytest.mark.parametrize("place", ["{tmp_path}/file/data", "/dev/null/data", "/proc/data"])
def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path, place: str) -> None:
    """Not by its rights: root may write anywhere that is a folder."""
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    folder = Path(place.format(tmp_path=tmp_path))
    with pytest.raises(DataFolderError, match=f"{folder} cannot be written.*--data-dir"), embedded_server(folder):
        pass


def test_another_version_s_folder_is_left_alone(tmp_path: Path) -> None:
    cluster = tmp_path / "postgres"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("16\n", encoding="utf-8")
    with pytest.raises(DataFolderError, match="written by PostgreSQL 16"), embedded_server(tmp_path):
        pass
    assert [path.name for path in cluster.iterdir()] == ["PG_VERSION"]


def test_a_database_that_does_not_start_says_so_in_a_sentence(tmp_path: Path) -> None:
    cluster = tmp_path / "postgres"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("18\n", encoding="utf-8")
    (cluster / "postgresql.conf").write_text("nonsense\n", encoding="utf-8")
    with pytest.raises(DataFolderError, match=r"did not start: .* exit status 1\. The last"), embedded_server(tmp_path):
        pass


def test_files_that_are_no_database_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DataFolderError, match="holds files but no database"), embedded_server(tmp_path):
        pass
    assert (tmp_path / "postgres" / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFullError, match=r"nearly full.*--data-dir"),
        embedded_server(tmp_path, MORE_THAN_ANY_DISK),
    ):
        pass
    assert list((tmp_path / "postgres").iterdir()) == []


def test_a_full_disk_locks_nobody_out_of_what_already_runs(tmp_path: Path) -> None:
    with embedded_server(tmp_path), embedded_server(tmp_path, MORE_THAN_ANY_DISK) as joined:
        assert _answers(joined.url)

"""Real processes of Parley, started and ended as a user or a crash would."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import msgspec
import psutil

SECONDS = 120.0
"""Nothing here takes that long, but a machine may be busy."""
ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from parley.store.embedded import embedded_server
with embedded_server(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""
"""Run with a data folder, holds its database until it is killed or its standard input closes."""


class Ended(msgspec.Struct, frozen=True):
    """A command that has run."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Ours, without anybody's configuration of Parley."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}  # noqa: TID251
    return {**own, "PYTHONPATH": str(ROOT / "src"), **more}


async def parley(*words: str, **more: str) -> Ended:
    """`python -m parley WORDS`. Whoever is cancelled meanwhile leaves nothing of it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "parley", *words, stdout=PIPE, stderr=PIPE, env=environment(**more)
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    except BaseException:
        if process.returncode is None:
            process.kill()
        await process.communicate()  # its pipes are closed while there is a loop to do it
        raise
    return Ended(process.returncode or 0, out.decode(), err.decode())


@asynccontextmanager
async def started(
    *words: str, log: Path | None = None, start_new_session: bool = False, **more: str
) -> AsyncIterator[Process]:
    """A process, killed at the end if it still runs. What it logs goes to `log`."""
    with log.open("ab") if log else nullcontext() as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *words,
            stdin=PIPE,
            stdout=PIPE,
            stderr=stderr,
            env=environment(**more),
            start_new_session=start_new_session,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def running(*words: str, log: Path | None = None, **more: str) -> AsyncIterator[tuple[Process, str]]:
    """The same with its first line."""
    async with started(*words, log=log, start_new_session=False, **more) as process:
        assert process.stdout is not None
        yield process, (await asyncio.wait_for(process.stdout.readline(), SECONDS)).decode().strip()


@asynccontextmanager
async def serving(
    data_dir: Path, *words: str, log: Path | None = None, **more: str
) -> AsyncIterator[tuple[Process, str]]:
    """`parley serve` and its address."""
    command = ("-m", "parley", "serve", "--port", "0", "--data-dir", str(data_dir), *words)
    async with running(*command, log=log, **more) as (process, line):
        address = re.search(r"http://\S+", line)
        assert address is not None, line
        yield process, address[0]


async def until(is_so: Callable[[], bool] | Callable[[], Awaitable[bool]], what: str) -> None:
    """Looks again and again; another process has no event to await."""
    async with asyncio.timeout(SECONDS):
        while True:
            seen = is_so()
            if await seen if isinstance(seen, Awaitable) else seen:
                return
            await asyncio.sleep(0.05)  # another process: there is nothing to await
    raise AssertionError(what)


def database_pid(data_dir: Path) -> int | None:
    """Of the folder's running PostgreSQL."""
    try:
        number = int((data_dir / "postgres" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    try:
        return number if psutil.Process(number).status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A server that is there, takes connections, and says nothing; nor does whatever it has started."""
    everyone = _stopped(pid)
    try:
        yield
    finally:
        _each(psutil.Process.resume, everyone)


def kill_all(pid: int) -> None:
    """A server and whatever it has started, at once: one that serves a connection would answer a moment more."""
    everyone = _stopped(pid)
    _each(psutil.Process.kill, everyone)
    psutil.wait_procs(everyone, timeout=1)


def _stopped(pid: int) -> list[psutil.Process]:
    server = psutil.Process(pid)
    server.suspend()  # first, so that it starts no more of them
    everyone = [server, *server.children(recursive=True)]
    _each(psutil.Process.suspend, everyone)
    return everyone


def _each(act: Callable[[psutil.Process], None], processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # it served a connection that has just been closed
            act(process)


def workers_of(data_dir: Path) -> list[int]:
    """Process ids of the folder's workers."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if {"worker", str(data_dir)} <= set(process.info["cmdline"] or ())
    ]


async def end(process: Process) -> int:
    """As an operator does."""
    process.send_signal(signal.SIGTERM)
    return await asyncio.wait_for(process.wait(), SECONDS)


def created(ended: Ended) -> dict[str, Any]:
    """What `parley project create --json` or `parley key create --json` printed."""
    assert ended.code == 0, ended.err
    told: dict[str, Any] = json.loads(ended.out)
    return told

"""The processes of a run: started, killed with -9, started again as a service manager would, all ended at the end."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psutil

from chaos.schedule import Kill, Victim
from tests.frame.processes import database_pid, environment, workers_of

READY_SECONDS = 120.0
STOP_SECONDS = 60.0
LOOK_SECONDS = 0.1
RESTART_SECONDS = 0.5
"""What a service manager waits before it starts a program again."""


class Program:
    """One program that is started again whenever it ends, until `stop`."""

    def __init__(self, name: str, words: tuple[str, ...], log: Path, *, speaks: bool) -> None:
        """`speaks`: it prints a line when it is ready."""
        self.name = name
        self.exits: list[int] = []
        """How it ended, each time: negative is a signal."""
        self._words = words
        self._log = log
        self._speaks = speaks
        self._process: Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> str:
        """Its first line, if it speaks."""
        line = await asyncio.wait_for(self._start(), READY_SECONDS)
        self._keeping = asyncio.create_task(self._keep())
        return line

    async def stop(self) -> int | None:
        """In order: SIGTERM. The exit code, None if it had to be killed."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._process is None or self._process.returncode is not None:
            return self._process.returncode if self._process else None
        self._process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            return None

    def usage(self) -> str:
        """What it has taken of the machine so far."""
        if self.pid is None:
            return "does not run"
        process = psutil.Process(self.pid)
        times = process.cpu_times()
        return f"{process.memory_info().rss // 2**20} MB, {times.user + times.system:.0f} s of a processor"

    async def end(self) -> None:
        """Whatever is left of its group is killed."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def _start(self) -> str:
        """Its standard output is a file: a pipe would stay open as long as one of its children lives."""
        out = self._log.with_suffix(".out")
        with self._log.open("ab") as log, out.open("wb") as said:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._words, env=environment(), start_new_session=True, stdout=said, stderr=log
            )
        while self._speaks and self.pid is not None and b"\n" not in out.read_bytes():  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)  # another process: there is nothing to await
        return out.read_text("utf-8").partition("\n")[0]

    async def _keep(self) -> None:
        while True:
            if self._process is not None:
                self.exits.append(await self._process.wait())
            await asyncio.sleep(RESTART_SECONDS)
            with contextlib.suppress(OSError):
                await self._start()


class Crew:
    """Everybody who can be killed, and the simulator, who cannot."""

    def __init__(self, folder: Path, seed: int, mode: str, port: int) -> None:
        self.data_dir = folder / "data"
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True)
        here, log_format = ("--data-dir", str(self.data_dir)), ("--log-format", "json")
        dice = ("--seed", str(seed), "--chaos", "few", "--delays", "0.1", "--mode", mode)
        self.sinch = self._program("simulator", "-m", "parley_simulator", "--port", "0", "--json", *dice)
        self.server = self._program("serve", "-m", "parley", "serve", "--port", str(port), *here, *log_format)
        self.worker = self._program("worker", "-m", "parley", "worker", *here, *log_format)
        self.killed: dict[Victim, int] = dict.fromkeys(Victim, 0)

    def _program(self, name: str, *words: str) -> Program:
        return Program(name, words, self.logs / f"{name}.log", speaks=name != "worker")

    def strike(self, kill: Kill) -> bool:
        """Kills; False when there was nobody to kill."""
        struck = [pid for pid in self._victims(kill) if _kill(pid)]
        self.killed[kill.victim] += bool(struck)
        return bool(struck)

    def _victims(self, kill: Kill) -> list[int]:
        match kill.victim:
            case Victim.SERVER:
                return [self.server.pid] if self.server.pid else []
            case Victim.WORKER:
                return _one(workers_of(self.data_dir), kill.pick)
            case Victim.DATABASE:
                return self._database()
            case Victim.CONNECTION:
                return _one(self._connections(), kill.pick)

    def _database(self) -> list[int]:
        """The first of them is the one that starts the others."""
        pid = database_pid(self.data_dir)
        return [] if pid is None else [pid, *_children(pid)]

    def _connections(self) -> list[int]:
        pid = database_pid(self.data_dir)
        return [] if pid is None else [one for one in _children(pid) if _serves_a_connection(one)]

    async def end(self) -> None:
        """Nothing of it is left."""
        for program in (self.server, self.worker, self.sinch):
            await program.end()
        for pid in self._database():
            _kill(pid)


@asynccontextmanager
async def open_crew(folder: Path, seed: int, mode: str, port: int) -> AsyncIterator[Crew]:
    """Nobody runs yet; everybody is ended at the end, also when it fails."""
    crew = Crew(folder, seed, mode, port)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(crew.end)
        yield crew


def _one(pids: list[int], pick: float) -> list[int]:
    return [sorted(pids)[int(pick * len(pids))]] if pids else []


def _children(pid: int) -> list[int]:
    try:
        return [one.pid for one in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _serves_a_connection(pid: int) -> bool:
    """PostgreSQL writes it into the process's title: `postgres: USER DATABASE [local] …`."""
    try:
        return "[local]" in " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return False


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True

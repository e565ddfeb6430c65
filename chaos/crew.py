"""The processes of a run: started, struck, started again as a service manager would, all ended at the end."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from operator import attrgetter
from pathlib import Path

import psutil

from chaos.schedule import Kill, Victim
from tests.frame.processes import database_pid, environment, workers_of

READY_SECONDS = 120.0
STOP_SECONDS = 60.0
LOOK_SECONDS = 0.1
VICTIM_SECONDS = 120
"""A victim that is down already is waited for: it is struck when it has come back."""
RESTART_SECONDS = 0.5
"""What a service manager waits before it starts a program again."""


class SilentError(Exception):
    """A program did not come to its first line."""


class Program:
    """One program that is started again whenever it ends, until `stop`."""

    def __init__(
        self, name: str, words: tuple[str, ...], log: Path, variables: Mapping[str, str], *, speaks: bool
    ) -> None:
        """`speaks`: it prints a line when it is ready."""
        self.name = name
        self.exits: list[int] = []
        """How it ended, each time: negative is a signal."""
        self._words = words
        self._log = log
        self._environment = environment(**variables)
        self._speaks = speaks
        self._process: Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> str:
        """Its first line, if it speaks. Raises SilentError when it ends without one."""
        line = await asyncio.wait_for(self._start(), READY_SECONDS)
        if self._speaks and not line:
            raise SilentError(f"{self.name} has ended without a word. Its log:\n{self._log.read_text('utf-8').strip()}")
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
                sys.executable, *self._words, env=self._environment, start_new_session=True, stdout=said, stderr=log
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

    def __init__(self, folder: Path, seed: int, mode: str, port: int, variables: Mapping[str, str]) -> None:
        self.data_dir = folder / "data"
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True)
        self._variables = variables
        here, log_format = ("--data-dir", str(self.data_dir)), ("--log-format", "json")
        dice = ("--seed", str(seed), "--chaos", "few", "--delays", "0.1", "--mode", mode)
        self.sinch = self._program("simulator", "-m", "parley_simulator", "--port", "0", "--json", *dice)
        self.server = self._program("serve", "-m", "parley", "serve", "--port", str(port), *here, *log_format)
        self.worker = self._program("worker", "-m", "parley", "worker", *here, *log_format)
        self.killed, self.hung = Counter[Victim](), Counter[Victim]()

    def _program(self, name: str, *words: str) -> Program:
        return Program(name, words, self.logs / f"{name}.log", self._variables, speaks=name != "worker")

    async def strike(self, kill: Kill) -> None:
        """Until it is over: a victim that hangs is killed or goes on at the end. One that others killed meanwhile is
        replaced, so that as many are killed as were asked for.
        """
        still = await self._struck(kill, signal.SIGSTOP) if kill.hangs else []
        self.hung[kill.victim] += bool(still)
        await asyncio.sleep(kill.hangs)
        if kill.wakes:
            _sent(signal.SIGCONT, still)
        else:
            killed = _sent(signal.SIGKILL, still) or await self._struck(kill, signal.SIGKILL)
            self.killed[kill.victim] += bool(killed)

    async def _struck(self, kill: Kill, number: signal.Signals) -> list[psutil.Process]:
        """Nobody, when nobody came back."""
        for _ in range(VICTIM_SECONDS):
            if struck := _sent(number, self._victims(kill)):
                return struck
            await asyncio.sleep(1)
        return []

    def _victims(self, kill: Kill) -> list[psutil.Process]:
        match kill.victim:
            case Victim.SERVER:
                return _processes([self.server.pid] if self.server.pid else [])
            case Victim.WORKER:
                return _one(_processes(workers_of(self.data_dir)), kill.pick)
            case Victim.DATABASE:
                return self._database()
            case Victim.CONNECTION:
                return _one([one for one in self._database()[1:] if _serves_a_connection(one)], kill.pick)

    def _database(self) -> list[psutil.Process]:
        """The first of them is the one that starts the others."""
        pid = database_pid(self.data_dir)
        return [family for first in _processes([pid] if pid else []) for family in (first, *_children(first))]

    async def end(self) -> None:
        """Nothing of it is left."""
        for program in (self.server, self.worker, self.sinch):
            await program.end()
        _sent(signal.SIGKILL, self._database())


@asynccontextmanager
async def open_crew(folder: Path, seed: int, mode: str, port: int, variables: Mapping[str, str]) -> AsyncIterator[Crew]:
    """Nobody runs yet; everybody is ended at the end, also when it fails."""
    crew = Crew(folder, seed, mode, port, variables)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(crew.end)
        yield crew


def _one(processes: list[psutil.Process], pick: float) -> list[psutil.Process]:
    """Of those that do not hang: who does is to wake."""
    awake = sorted(filter(_is_awake, processes), key=attrgetter("pid"))
    return [awake[int(pick * len(awake))]] if awake else []


def _is_awake(process: psutil.Process) -> bool:
    try:
        return process.status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _processes(pids: Iterable[int]) -> list[psutil.Process]:
    """Those that are there."""
    there = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            there.append(psutil.Process(pid))
    return there


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _serves_a_connection(process: psutil.Process) -> bool:
    """PostgreSQL writes it into the process's title: `postgres: USER DATABASE [local] …`."""
    try:
        return "[local]" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _sent(number: signal.Signals, processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that it reached. An id that is another's by now is spared."""
    return [process for process in processes if _reached(number, process)]


def _reached(number: signal.Signals, process: psutil.Process) -> bool:
    try:
        is_there: bool = process.status() != psutil.STATUS_ZOMBIE
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return is_there

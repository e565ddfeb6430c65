"""How long programs were on a processor: on a machine shared with others that says more than the clock does."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psutil


class MainThread:
    """Of a process, by itself: Python's own, beside those of the libraries."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)

    def cpu_seconds(self) -> float:
        """Until now."""
        (times,) = (one for one in self._process.threads() if one.id == self._process.pid)
        return float(times.user_time + times.system_time)


class Cpu:
    """Counts from its making on. Programs are named by whoever asks; each is one process or several."""

    def __init__(self, programs: Mapping[str, Sequence[psutil.Process | MainThread]]) -> None:
        self._programs = programs
        self._before = {name: _seconds(program) for name, program in programs.items()}

    def per_unit(self, units: int) -> dict[str, float]:
        """Microseconds of each program."""
        return {
            name: 1e6 * (_seconds(program) - self._before[name]) / units for name, program in self._programs.items()
        }


class Processors:
    """All of the machine's, from its making on: what part of their time was used, by whomever."""

    def __init__(self) -> None:
        self._before = psutil.cpu_times()

    def busy(self) -> float:
        """From 0 to 1. What a virtual machine was not given counts as used."""
        now = psutil.cpu_times()
        passed = {name: float(getattr(now, name) - getattr(self._before, name)) for name in now._fields}
        everything = sum(passed.values()) - passed["guest"] - passed["guest_nice"]
        return 1 - (passed["idle"] + passed["iowait"]) / everything


def listening_at(url: str) -> list[psutil.Process]:
    """The program that serves there, with the processes it has started."""
    port = urlsplit(url).port
    listening = [one for one in psutil.net_connections("tcp") if one.status == "LISTEN"]
    return [psutil.Process(one.pid) for one in listening if one.laddr and one.laddr.port == port]


def database_in(data_dir: Path) -> list[psutil.Process]:
    """The embedded PostgreSQL of a data folder, with a process for each connection that is open now."""
    pid = int((data_dir / "postgres" / "postmaster.pid").read_text("utf-8").split()[0])
    server = psutil.Process(pid)
    return [server, *server.children(recursive=True)]


def _seconds(program: Sequence[psutil.Process | MainThread]) -> float:
    return sum(_own_seconds(one) for one in program)


def _own_seconds(process: psutil.Process | MainThread) -> float:
    if isinstance(process, MainThread):
        return process.cpu_seconds()
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)

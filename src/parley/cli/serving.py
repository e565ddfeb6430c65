"""The serving process: the API in this one, each worker in a process of its own, the embedded database kept alive."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import structlog
from granian.constants import Interfaces
from granian.server.embed import Server

from parley.cli.working import stop_on_signals
from parley.config import Config, ConfigurationError
from parley.house import open_house
from parley.services.check_key import check_key
from parley.store.embedded import DataFolderError, EmbeddedServer
from parley.telemetry import LogFormat
from parley.wiring import open_app

STOP_SECONDS = 40.0
"""A worker that has not finished what is in flight by then is killed; its messages become uncertain."""
RESTART_SECONDS = 1.0
LISTEN_SECONDS = 30.0
LOOK_AFTER_SECONDS = 1.0


async def serve(
    config: Config, address: tuple[str, int], workers: int, log_format: LogFormat, *, tell: Callable[[str], None]
) -> None:
    """Until SIGTERM or SIGINT."""
    host, port = address
    stopping = stop_on_signals()
    chosen = _port(host, port)
    async with open_house(config) as house, _keeping_database(house.embedded), open_app(house) as app:
        await check_key(house.database, house.box)
        gc.freeze()  # what the start has made stays: the collector need not look through it while requests come
        server = Server(
            app, host, chosen, interface=Interfaces.ASGI, log_enabled=False, websockets=False, backlog=1024
        )  # fmt: skip
        start = partial(_start_worker, config, log_format)
        tasks = [asyncio.create_task(keep_worker(start, stopping)) for _ in range(workers)]
        serving = asyncio.create_task(server.serve())
        await _listening(host, chosen, serving)
        tell(f"Parley serves on http://{f'[{host}]' if ':' in host else host}:{chosen}")
        await asyncio.wait([serving, asyncio.create_task(stopping.wait())], return_when=asyncio.FIRST_COMPLETED)
        stopping.set()
        server.stop()  # type: ignore[no-untyped-call]
        await serving
        await asyncio.gather(*tasks)  # workers before the database, which must outlive them


async def _listening(host: str, port: int, serving: asyncio.Task[None]) -> None:
    """The server's own word for started comes a moment before it takes connections."""
    try:
        async with asyncio.timeout(LISTEN_SECONDS):
            while not serving.done() and not await _takes_connections(host, port):  # noqa: ASYNC110  it tells nobody
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise ConfigurationError(
            f"{host}:{port} took no connection within {LISTEN_SECONDS:.0f} s. Try again."
        ) from None


async def _takes_connections(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


def _port(host: str, port: int) -> int:
    """Asked here, because the server's own complaint names no remedy."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"{host}:{port} cannot be served on ({error.strerror}). Choose another with --host and --port."
            ) from error
        chosen: int = probe.getsockname()[1]
        return chosen


async def keep_worker(start: Callable[[], Awaitable[Process]], stopping: asyncio.Event) -> None:
    """One worker process, started again when it dies or could not be started."""
    log = structlog.get_logger()
    told = asyncio.create_task(stopping.wait())
    while not stopping.is_set():
        try:
            worker = await start()
        except OSError as error:  # memory or processes have run out, which may pass; the API serves meanwhile
            log.warning("a worker could not be started, trying again", error=repr(error))
        else:
            await asyncio.wait([told, asyncio.create_task(worker.wait())], return_when=asyncio.FIRST_COMPLETED)
            if stopping.is_set():
                await _stop_worker(worker)
                return
            log.warning("a worker ended, starting another", code=worker.returncode)
        await asyncio.wait([told], timeout=RESTART_SECONDS)


async def _start_worker(config: Config, log_format: LogFormat) -> Process:
    """It ends by itself when this process dies, however it dies: its standard input closes."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "parley", "worker", "--until-stdin-closes", "--data-dir", str(config.data_dir),
        "--log-format", log_format,
        stdin=PIPE, cwd=Path.cwd(),
    )  # fmt: skip


async def _stop_worker(worker: Process) -> None:
    if worker.returncode is not None:
        return
    worker.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(worker.wait(), STOP_SECONDS)
    except TimeoutError:
        worker.kill()
        await worker.wait()


@contextlib.asynccontextmanager
async def _keeping_database(server: EmbeddedServer | None) -> AsyncIterator[None]:
    """From before the first look at it: nobody else would start it for a server that waits for it."""
    task = asyncio.create_task(_keep_database(server)) if server is not None else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()


async def _keep_database(server: EmbeddedServer) -> None:
    """A database that was killed is started again."""
    while True:
        await asyncio.sleep(LOOK_AFTER_SECONDS)
        with contextlib.suppress(DataFolderError):  # told by every request that fails; the next look may succeed
            await asyncio.to_thread(server.revive)

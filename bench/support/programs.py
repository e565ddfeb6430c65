"""Programs of a bench, each a process of its own on a free port of the loopback, stopped at the end."""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
READY_SECONDS = 30.0
STOP_SECONDS = 45.0
LOOK_SECONDS = 0.05


@asynccontextmanager
async def provider() -> AsyncIterator[str]:
    """The base URL of a provider that only answers."""
    port = _free_port()
    async with _running(port, "-m", "bench.support.provider", str(port)) as url:
        yield url


@asynccontextmanager
async def calling_provider() -> AsyncIterator[str]:
    """The base URL of a provider that answers, then calls back."""
    port = _free_port()
    async with _running(port, "-m", "bench.support.calling_provider", str(port)) as url:
        yield url


@asynccontextmanager
async def constant_server() -> AsyncIterator[str]:
    """The base URL of Granian and Litestar answering a constant."""
    port = _free_port()
    async with _running(port, "-m", "bench.support.constant", str(port)) as url:
        yield url


@asynccontextmanager
async def parley_server(data_dir: Path, workers: int = 0) -> AsyncIterator[str]:
    """The base URL of `parley serve` on the data folder's embedded database."""
    port = _free_port()
    words = ("-m", "parley", "serve", "--workers", str(workers), "--port", str(port), "--data-dir", str(data_dir))
    async with _running(port, *words) as url:
        yield url


@asynccontextmanager
async def _running(port: int, *words: str) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=DEVNULL, cwd=ROOT)
    try:
        async with asyncio.timeout(READY_SECONDS):
            await _until_it_listens(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        await _stop(process)


async def _until_it_listens(port: int, process: Process) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            assert process.returncode is None, "the program ended; it says why above"
            await asyncio.sleep(LOOK_SECONDS)  # another process: there is no event to await
        else:
            writer.close()
            return


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

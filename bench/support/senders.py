"""Worker processes that send when they are told to, and say when nothing is left."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

from bench.support.programs import ROOT

PATIENCE_SECONDS = 120.0


Senders = AbstractAsyncContextManager[list[Process]]


def senders(data_dir: Path, count: int, *, instant: bool = False) -> Senders:
    """So many, ready, on the data folder's database. `instant`: their provider costs nothing."""
    return _senders("sending_worker", str(data_dir), count=count, instant=instant)


def lean_senders(data_dir: Path, request: str, count: int, *, instant: bool = False) -> Senders:
    """As `senders`, of lean_sender.py, whose request is JSON."""
    return _senders("lean_sender", str(data_dir), request, count=count, instant=instant)


async def send_all_due(workers: Sequence[Process]) -> None:
    """Until each of them finds nothing due."""
    await asyncio.gather(*(_send_all(worker) for worker in workers))


async def _send_all(worker: Process) -> None:
    assert worker.stdin is not None
    worker.stdin.write(b"go\n")
    await _said(worker, b"done\n")


async def _said(worker: Process, word: bytes) -> None:
    assert worker.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await worker.stdout.readline() == word, "the worker ended; it says why above"


@asynccontextmanager
async def _senders(program: str, *words: str, count: int, instant: bool) -> AsyncIterator[list[Process]]:
    asked = ("-m", f"bench.support.{program}", *words, *(["--instant"] if instant else []))
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_sender(asked)) for _ in range(count)]


@asynccontextmanager
async def _sender(words: Sequence[str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdin=PIPE, stdout=PIPE, cwd=ROOT)
    assert process.stdin is not None
    try:
        await _said(process, b"ready\n")
        yield process
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)

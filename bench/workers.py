"""What does a second worker process add, where the processor is the limit?

    python bench/workers.py [--messages 4000] [--rounds 3]

The part of sending that takes processor time: planned messages are claimed, judged, rendered and recorded in
PostgreSQL by one process, then as many others by two at once. The provider answers inside each worker and costs
nothing, and no other program of a bench runs. The figure is the rate of two, its floor the rate of one.
"""

import argparse
import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.figures import print_ratio
from bench.support.folders import data_folder
from bench.support.programs import ROOT
from bench.support.shop import Shop, count_messages, open_shop, plan
from parley.cli.event_loop import run_to_end

CUSTOMERS = 1000
PATIENCE_SECONDS = 120.0
NOBODY = "http://127.0.0.1:9"
"""The account's server, which nobody calls."""


async def main(messages: int, rounds: int) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with open_shop(folder, "sinch_legacy", NOBODY, CUSTOMERS) as shop, AsyncExitStack() as stack:
            first, second = [await stack.enter_async_context(_worker(folder)) for _ in range(2)]
            await _rate(shop, [first, second], messages // 5)  # opens connections, fills caches
            one, two = [], []
            for _ in range(rounds):
                one.append(await _rate(shop, [first], messages))
                two.append(await _rate(shop, [first, second], messages))
    print_ratio("two workers", "messages/s", two, one)


async def _rate(shop: Shop, workers: Sequence[Process], messages: int) -> float:
    planned = await plan(shop, messages)
    started = time.perf_counter()
    await asyncio.gather(*(_send_all(worker) for worker in workers))
    seconds = time.perf_counter() - started
    assert await count_messages(shop, planned, "accepted") == messages
    return messages / seconds


async def _send_all(worker: Process) -> None:
    assert worker.stdin is not None
    worker.stdin.write(b"go\n")
    await _said(worker, b"done\n")


async def _said(worker: Process, word: bytes) -> None:
    assert worker.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await worker.stdout.readline() == word, "the worker ended; it says why above"


@asynccontextmanager
async def _worker(folder: Path) -> AsyncIterator[Process]:
    words = ("-m", "bench.support.instant_worker", str(folder))
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdin=PIPE, stdout=PIPE, cwd=ROOT)
    assert process.stdin is not None
    try:
        await _said(process, b"ready\n")
        yield process
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    run_to_end(main(asked.messages, asked.rounds))

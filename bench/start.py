"""How soon does `parley serve` serve, and what does it cost while nothing happens?

    python bench/start.py [--starts 5] [--seconds 60]

The first start makes the data folder: that is set-up and told apart. Each further one is timed from the command to the
first "ready" of `/ready`, with its worker, on a store of the demo's size. Then nothing comes for a minute: processor
time and memory of all its processes, which are the server, its worker, PostgreSQL and the guard that stops it. Memory
is PSS (a page that several share counts once in the sum), right after the start and once more after some traffic, when
PostgreSQL has touched its shared buffers.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import msgspec
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench import tracking
from bench.support.folders import data_folder
from bench.support.load import send_all
from bench.support.programs import parley_server
from bench.support.shop import open_shop
from parley.domain.http import HttpRequest
from parley.providers.http import HttpClient

CUSTOMERS = 200
BATCHES = 400
CLIENTS = 8
SETTLED_SECONDS = 10.0
"""The worker has started and every program has done what it does once."""
LOOK_SECONDS = 0.01
READY_SECONDS = 60.0


class Spent(msgspec.Struct, frozen=True):
    """What a program held and used while nothing happened."""

    megabytes: float
    cpu_percent: float
    """Of one processor."""


async def main(starts: int, seconds: float) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with HttpClient() as client:
            print(f"first start, with the set-up: {await _start(folder, client):.2f} s", flush=True)
            times = [await _start(folder, client) for _ in range(starts)]
            print(f"start: ready after {median(times):.2f} s ({min(times):.2f} to {max(times):.2f})", flush=True)
            async with _serving(folder, client) as url:
                _print("idle after the start", await _idle(folder, seconds))
                await _some_traffic(folder, url, client)
                _print("idle after traffic", await _idle(folder, seconds))


async def _start(folder: Path, client: HttpClient) -> float:
    started = time.perf_counter()
    async with _serving(folder, client):
        return time.perf_counter() - started


@asynccontextmanager
async def _serving(folder: Path, client: HttpClient) -> AsyncIterator[str]:
    async with parley_server(folder, workers=1) as url, asyncio.timeout(READY_SECONDS) as patience:
        ready = HttpRequest("GET", f"{url}/ready", (), b"")
        while (await client.send(ready, READY_SECONDS)).status != 200:  # noqa: ASYNC110  another process gets ready
            await asyncio.sleep(LOOK_SECONDS)
        patience.reschedule(None)
        yield url


async def _some_traffic(folder: Path, url: str, client: HttpClient) -> None:
    async with open_shop(folder, "sinch_legacy", "http://127.0.0.1:9", CUSTOMERS) as shop:
        await send_all(client, list(tracking.requests(shop, url, BATCHES)), CLIENTS)


async def _idle(folder: Path, seconds: float) -> dict[str, Spent]:
    await asyncio.sleep(SETTLED_SECONDS)
    programs = _programs(folder)
    before = {name: _cpu_seconds(listed) for name, listed in programs.items()}
    await asyncio.sleep(seconds)
    return {
        name: Spent(
            sum(one.memory_full_info().pss for one in listed) / 1e6,
            100 * (_cpu_seconds(listed) - before[name]) / seconds,
        )
        for name, listed in programs.items()
    }


def _programs(folder: Path) -> dict[str, list[psutil.Process]]:
    """Everything that runs for the data folder, by its command; PostgreSQL stands in no command of ours."""
    postmaster = int((folder / "postgres" / "postmaster.pid").read_text("utf-8").split()[0])
    ours = {one: set(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])}
    ours = {one: words for one, words in ours.items() if str(folder) in words and one.pid != postmaster}
    database = psutil.Process(postmaster)
    return {
        "server": [one for one, words in ours.items() if "serve" in words],
        "worker": [one for one, words in ours.items() if "worker" in words],
        "guard": [one for one, words in ours.items() if not {"serve", "worker"} & words],
        "PostgreSQL": [database, *database.children(recursive=True)],
    }


def _cpu_seconds(listed: list[psutil.Process]) -> float:
    return sum(one.cpu_times().user + one.cpu_times().system for one in listed)


def _print(when: str, told: dict[str, Spent]) -> None:
    memory, cpu = (sum(getattr(one, name) for one in told.values()) for name in ("megabytes", "cpu_percent"))
    parts = ", ".join(f"{name} {one.megabytes:.0f} MB {one.cpu_percent:.2f} %" for name, one in told.items())
    print(f"{when}: {memory:.0f} MB, {cpu:.2f} % of one processor ({parts})", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    asyncio.run(main(asked.starts, asked.seconds))

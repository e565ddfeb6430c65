"""How much memory does a file of consents take? The most that `parley consent import` holds, for two files.

    python bench/importing.py [--lines 1000000] [--customers 10000]

One has 2,000 lines, the other as many as are asked for; they are about so many customers in turns, each with its own
date, so each is a new entry. A process of its own brings each file, and its resident set is sampled.
"""

import argparse
import asyncio
import sys
import time
from asyncio.subprocess import DEVNULL
from pathlib import Path

import asyncpg
import msgspec
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.crowd import make_crowd
from bench.support.folders import data_folder
from bench.support.programs import ROOT
from bench.support.shop import open_shop

SHORT = 2_000
FIRST_SECOND = 1_700_000_000
LOOK_SECONDS = 0.05


class Taken(msgspec.Struct, frozen=True):
    """What one file took."""

    lines: int
    megabytes: float
    seconds: float
    cpu_us: float
    """Of one line, of the importing process."""


async def main(lines: int, customers: int) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with open_shop(folder, "sinch_legacy", "http://127.0.0.1:9", 0) as shop:
            connection = await asyncpg.connect(shop.house.database_url)
            await make_crowd(connection, shop.project.project_id, customers)
            await connection.close()
            for count, since in ((SHORT, FIRST_SECOND), (lines, FIRST_SECOND + SHORT)):
                file = folder / "consents.csv"
                _write(file, count, customers, since)
                taken = await _bring(file, count, shop.project.project_token, folder)
                print(
                    f"{taken.lines:,} lines: {taken.megabytes:.0f} MB, {taken.seconds:.0f} s, "
                    f"{taken.cpu_us:.0f} µs of processor time a line",
                    flush=True,
                )


def _write(file: Path, lines: int, customers: int, since: int) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write("registered,category,action,valid_from,valid_until,form_url,ip,document_id\n")
        for number in range(lines):
            who, when = f"customer-{number % customers}", since + number
            out.write(f"{who},whatsapp,accept,{when},unlimited,https://shop.example/club,203.0.113.7,D-{number}\n")


async def _bring(file: Path, lines: int, token: str, folder: Path) -> Taken:
    words = ("consent", "import", str(file), "--project", token, "--data-dir", str(folder))
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "parley", *words, stdout=DEVNULL, stderr=DEVNULL, cwd=ROOT
    )
    most, spent, seen = 0.0, 0.0, psutil.Process(process.pid)
    while process.returncode is None:
        try:
            most = max(most, seen.memory_info().rss / 1e6)
            spent = sum(seen.cpu_times()[:2])
        except psutil.NoSuchProcess:
            break
        await asyncio.sleep(LOOK_SECONDS)
    assert await process.wait() == 0
    return Taken(lines, most, time.perf_counter() - started, spent / lines * 1e6)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=10_000)
    asked = parser.parse_args()
    asyncio.run(main(asked.lines, asked.customers))

"""How fast are callbacks taken? Verified, deduplicated, stored and answered, against the same server's constant.

    python bench/inbound.py [--callbacks 4000] [--rounds 3] [--at-once 100]
    python bench/inbound.py --rate 3300 --sends 1000 [--seconds 10]

Half of them are messages of known customers, half are reports (sent, delivered, read) of messages that a worker has
sent before the clock starts; all are signed as Sinch's Conversation API signs, all are different. They go to
`parley serve --workers 0` over HTTP. The floor is the very same requests to the same server answering a constant.
Callbacks are read after their answers; how many a second that was, and the processor time of all of it, are told, too.

With `--rate` they come evenly, that many a second, whether or not the server keeps up, to `parley serve` with its one
worker, which meanwhile sends `--sends` messages a second. Told is how long each callback waited for its answer from the
moment when it was due.
"""

import argparse
import sys
import time
from datetime import timedelta
from pathlib import Path
from statistics import median
from uuid import UUID

import msgspec
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.callbacks import STORY, Sinch
from bench.support.cpu import Cpu, Processors, database_in, listening_at
from bench.support.figures import print_busy, print_costs, print_ratio
from bench.support.folders import data_folder
from bench.support.load import Load
from bench.support.programs import constant_server, parley_server, provider
from bench.support.raw_load import send_all_raw, send_evenly
from bench.support.shop import (
    Shop,
    count_messages,
    count_rows,
    deliver_all,
    delivery,
    open_shop,
    plan,
    spread,
    until_read,
)
from parley.cli.event_loop import run_to_end
from parley.domain.http import HttpRequest
from parley.providers.http import HttpClient

CUSTOMERS = 1000
LINES = 200
"""Connections of an even load: callbacks under way at once, at most."""
SLOW_SECONDS = 0.25
"""An answer that takes longer is counted."""


class _Round(msgspec.Struct, frozen=True):
    ours: Load
    floor: Load
    read_per_second: float
    """From the first callback to the moment when something was made of the last one."""
    busy: float
    """Which part of all processors' time was used until the last answer."""
    floor_busy: float
    cpu: dict[str, float]
    """Microseconds for each callback."""


async def main(callbacks: int, rounds: int, at_once: int) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with (
            provider() as sinch_url,
            open_shop(folder, "sinch_conversation", sinch_url, CUSTOMERS) as shop,
            parley_server(folder) as url,
            constant_server() as constant_url,
            HttpClient(connections=at_once) as client,
        ):
            await _round(shop, client, (url, constant_url), callbacks // 10, at_once)
            told = [await _round(shop, client, (url, constant_url), callbacks, at_once) for _ in range(rounds)]
    _print(told, at_once)


async def _round(shop: Shop, client: HttpClient, urls: tuple[str, str], callbacks: int, at_once: int) -> _Round:
    parley_url, constant_url = urls
    told = callbacks // 2 // len(STORY)
    messages = await _sent(shop, client, told)
    before = await count_rows(shop, "callbacks")
    ours_to_send = _mixed(shop, parley_url, messages)
    cpu = _cpu(shop, parley_url)
    processors, started = Processors(), time.perf_counter()
    ours = await send_all_raw(ours_to_send, at_once)
    busy = processors.busy()
    assert await count_rows(shop, "callbacks") == before + len(ours_to_send)
    await until_read(shop)
    read_per_second = len(ours_to_send) / (time.perf_counter() - started)
    spent = cpu.per_unit(len(ours_to_send))
    assert await count_messages(shop, messages, "read") == told
    floor_to_send, processors = _mixed(shop, constant_url, messages), Processors()
    floor = await send_all_raw(floor_to_send, at_once)
    return _Round(ours, floor, read_per_second, busy, processors.busy(), spent)


async def under_load(rate: int, sends: int, seconds: int) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with (
            provider() as sinch_url,
            open_shop(folder, "sinch_conversation", sinch_url, CUSTOMERS) as shop,
            HttpClient() as client,
        ):
            reported = await _sent(shop, client, rate * seconds // 2 // len(STORY))
            waiting = await plan(shop, sends * seconds)
            await spread(shop, waiting, shop.house.clock() + timedelta(hours=1), sends)  # not before the server is up
            async with parley_server(folder, workers=1) as url:
                told = _mixed(shop, url, reported)
                await spread(shop, waiting, shop.house.clock(), sends)
                timed = await send_evenly(told, rate, LINES)
                sent = await count_messages(shop, waiting, "accepted")
                await until_read(shop)
                assert await count_messages(shop, reported, "read") == len(reported)
    print(
        f"inbound, {rate} callbacks/s for {seconds} s beside {sends} sends/s: p50 {timed.at(50) * 1000:.1f} ms, "
        f"p99 {timed.at(99) * 1000:.1f} ms, {timed.share_above(SLOW_SECONDS):.2%} above {SLOW_SECONDS * 1000:.0f} ms; "
        f"answered in {timed.seconds:.1f} s, {sent} of {len(waiting)} sent by then",
        flush=True,
    )


def _cpu(shop: Shop, url: str) -> Cpu:
    database = database_in(shop.house.config.data_dir)
    return Cpu({"server": listening_at(url), "database": database, "load program": [psutil.Process()]})


async def _sent(shop: Shop, client: HttpClient, count: int) -> list[UUID]:
    messages = await plan(shop, count)
    worker = delivery(shop, client)
    await deliver_all(worker)
    await worker.close()
    return messages


def _mixed(shop: Shop, url: str, messages: list[UUID]) -> list[HttpRequest]:
    """A message and a report in turn; a message's reports come in their order, far apart."""
    sinch = Sinch(url + shop.callback_path, shop.house.clock)
    named = [str(one) for one in messages]
    reports = [report for status in STORY for report in sinch.reports(named, status)]
    inbound = sinch.inbound(len(reports), len(shop.customers))
    return [one for pair in zip(inbound, reports, strict=True) for one in pair]


def _print(told: list[_Round], at_once: int) -> None:
    ours, floor = [one.ours for one in told], [one.floor for one in told]
    print_ratio("inbound", "callbacks/s", [one.per_second for one in ours], [one.per_second for one in floor])
    read = [one.read_per_second for one in told]
    print(f"inbound, read: {median(read):,.0f} callbacks/s ({min(read):,.0f} to {max(read):,.0f})")
    print(f"inbound, {at_once} at once: {_latency(ours)}; floor {_latency(floor)}")
    print_costs([one.cpu for one in told])
    print_busy({"until answered": [one.busy for one in told], "by the floor": [one.floor_busy for one in told]})


def _latency(loads: list[Load]) -> str:
    return f"p50 {median(one.p50_ms for one in loads):.1f} ms, p99 {median(one.p99_ms for one in loads):.1f} ms"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--callbacks", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-once", type=int, default=100)
    parser.add_argument("--rate", type=int)
    parser.add_argument("--sends", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=10)
    asked = parser.parse_args()
    if asked.rate is None:
        run_to_end(main(asked.callbacks, asked.rounds, asked.at_once))
    else:
        run_to_end(under_load(asked.rate, asked.sends, asked.seconds))

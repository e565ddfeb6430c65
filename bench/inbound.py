"""How fast are callbacks taken? Verified, deduplicated, stored and answered, against the same server's constant.

    python bench/inbound.py [--callbacks 4000] [--rounds 3] [--at-once 100]

Half of them are messages of known customers, half are reports (sent, delivered, read) of messages that a worker has
sent before the clock starts; all are signed as Sinch's Conversation API signs, all are different. They go to
`parley serve --workers 0` over HTTP. The floor is the very same requests to the same server answering a constant.
"""

import argparse
import sys
from pathlib import Path
from statistics import median
from uuid import UUID

import msgspec
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.callbacks import STORY, Sinch
from bench.support.cpu import Cpu, database_in, listening_at
from bench.support.figures import print_ratio
from bench.support.folders import data_folder
from bench.support.load import Load
from bench.support.programs import constant_server, parley_server, provider
from bench.support.raw_load import send_all_raw
from bench.support.shop import Shop, count_messages, count_rows, deliver_all, delivery, open_shop, plan
from parley.cli.event_loop import run_to_end
from parley.domain.http import HttpRequest
from parley.providers.http import HttpClient

CUSTOMERS = 1000


class _Round(msgspec.Struct, frozen=True):
    ours: Load
    floor: Load
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
    ours = await send_all_raw(ours_to_send, at_once)
    spent = cpu.per_unit(len(ours_to_send))
    assert await count_rows(shop, "callbacks") == before + len(ours_to_send)
    assert await count_messages(shop, messages, "read") == told
    return _Round(ours, await send_all_raw(_mixed(shop, constant_url, messages), at_once), spent)


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
    print(f"inbound, {at_once} at once: {_latency(ours)}; floor {_latency(floor)}")
    spent = (f"{name} {median(one.cpu[name] for one in told):.0f}" for name in told[0].cpu)
    print(f"inbound, microseconds of a processor for a callback: {', '.join(spent)}", flush=True)


def _latency(loads: list[Load]) -> str:
    return f"p50 {median(one.p50_ms for one in loads):.1f} ms, p99 {median(one.p99_ms for one in loads):.1f} ms"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--callbacks", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-once", type=int, default=100)
    asked = parser.parse_args()
    run_to_end(main(asked.callbacks, asked.rounds, asked.at_once))

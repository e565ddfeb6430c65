"""How fast do planned messages leave? Claimed, judged, rendered, called and recorded, against a bare pump.

    python bench/outbound.py [--messages 5000] [--rounds 3] [--api sinch_legacy]

The messages are planned before the clock starts. Then one worker's `Delivery` sends them over the real `HttpClient` to
a provider that only answers (a process of its own) until every outcome is recorded in PostgreSQL; then two worker
processes send as many, as `parley serve --workers 2` has them. The floor of both is the same client sending the
worker's own last request as often, as many at once, without a database. Told besides: what a message took of a
processor, and how busy all processors were.
"""

import argparse
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Sequence
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.cpu import Cpu, Processors, database_in
from bench.support.figures import print_busy, print_costs, print_ratio
from bench.support.folders import data_folder
from bench.support.programs import provider
from bench.support.rounds import Round, pump
from bench.support.senders import send_all_due, senders
from bench.support.shop import Shop, check_accepted, deliver_all, delivery, open_shop, plan
from bench.support.wires import RememberingWire
from parley.cli.event_loop import run_to_end
from parley.providers.http import HttpClient

CUSTOMERS = 5000
"""Enough that no round comes to the burst of a pair (whatsapp.md 4): 45 messages to one recipient."""


async def main(messages: int, rounds: int, api: str) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with (
            provider() as url,
            open_shop(folder, api, url, CUSTOMERS) as shop,
            HttpClient() as client,
            senders(folder, 2) as pair,
        ):
            wire = RememberingWire(client)
            await _ours(shop, wire, messages // 10)  # opens connections, fills caches
            await _by_both(shop, pair, messages // 5)
            one, two, floor = [], [], []
            for _ in range(rounds):
                one.append(await _ours(shop, wire, messages))
                two.append(await _by_both(shop, pair, messages))
                floor.append(await pump(client, wire.last, messages))
    for name, ours in (("one worker", one), ("two workers", two)):
        print_ratio(
            f"outbound, {api}, {name}", "messages/s", [r.per_second for r in ours], [r.per_second for r in floor]
        )
        print_costs([r.cpu for r in ours])
    told = {"with one worker": one, "with two": two, "by the pump": floor}
    print_busy({kind: [r.busy for r in by_kind] for kind, by_kind in told.items()})


async def _ours(shop: Shop, wire: RememberingWire, messages: int) -> Round:
    worker = delivery(shop, wire)
    told = await _timed(shop, messages, [psutil.Process()], deliver_all(worker))
    await worker.close()
    return told


async def _by_both(shop: Shop, pair: Sequence[Process], messages: int) -> Round:
    return await _timed(shop, messages, [psutil.Process(one.pid) for one in pair], send_all_due(pair))


async def _timed(shop: Shop, messages: int, workers: Sequence[psutil.Process], sent: Awaitable[None]) -> Round:
    planned = await plan(shop, messages)
    cpu = Cpu({"worker": workers, "database": database_in(shop.house.config.data_dir)})
    processors, started = Processors(), time.perf_counter()
    await sent
    seconds, busy = time.perf_counter() - started, processors.busy()
    spent = cpu.per_unit(messages)
    await check_accepted(shop, planned)
    return Round(messages / seconds, busy, spent)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--api", choices=("sinch_legacy", "sinch_conversation"), default="sinch_legacy")
    asked = parser.parse_args()
    run_to_end(main(asked.messages, asked.rounds, asked.api))

"""How fast is the whole cycle? Sent, then queued, delivered and read called back and recorded, against a bare pump.

    python bench/cycle.py [--messages 1500] [--rounds 3]

One worker's `Delivery` sends planned messages as in outbound.py, by the Conversation API. Its provider (a process of
its own) answers and then calls back three times, signed, to `parley serve --workers 0`. The clock stops when every
message stands at *read* in PostgreSQL; states, campaign events and costs are written by then. The
floor is the pump of outbound.py: the same client and the same request to a provider that only answers.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from uuid import UUID

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.cpu import Cpu, Processors, database_in, listening_at
from bench.support.figures import print_busy, print_costs, print_ratio
from bench.support.folders import data_folder
from bench.support.programs import calling_provider, parley_server, provider
from bench.support.rounds import Round, pump
from bench.support.shop import Shop, count_messages, deliver_all, delivery, open_shop, plan
from bench.support.wires import RememberingWire
from parley.cli.event_loop import run_to_end
from parley.domain.http import HttpRequest
from parley.providers.http import HttpClient

CUSTOMERS = 1000
LOOK_SECONDS = 0.1
"""The clock is late by half of it on average: below one part in twenty of a round."""
PATIENCE_SECONDS = 60.0


Programs = dict[str, list[psutil.Process]]


async def main(messages: int, rounds: int) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with (
            provider() as only_answers,
            calling_provider() as sinch,
            open_shop(folder, "sinch_conversation", sinch, CUSTOMERS) as shop,
            parley_server(folder) as url,
            HttpClient() as client,
        ):
            wire = RememberingWire(client)
            address = (url + shop.callback_path).encode()
            await client.send(HttpRequest("POST", f"{sinch}/callback-address", (), address), PATIENCE_SECONDS)
            programs = {"worker": [psutil.Process()], "server": listening_at(url), "provider": listening_at(sinch)}
            await _ours(shop, wire, programs, messages // 10)
            ours, floor = [], []
            for _ in range(rounds):
                ours.append(await _ours(shop, wire, programs, messages))
                floor.append(await pump(client, wire.last_to(sinch, only_answers), messages))
    print_ratio("full cycle", "messages/s", [one.per_second for one in ours], [one.per_second for one in floor])
    print_costs([one.cpu for one in ours])
    print_busy({"in the cycle": [one.busy for one in ours], "by the pump": [one.busy for one in floor]})


async def _ours(shop: Shop, wire: RememberingWire, programs: Programs, messages: int) -> Round:
    planned = await plan(shop, messages)
    worker = delivery(shop, wire)
    cpu = Cpu({**programs, "database": database_in(shop.house.config.data_dir)})
    processors, started = Processors(), time.perf_counter()
    await deliver_all(worker)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await _until_read(shop, planned)
    seconds, busy, spent = time.perf_counter() - started, processors.busy(), cpu.per_unit(messages)
    await worker.close()
    return Round(messages / seconds, busy, spent)


async def _until_read(shop: Shop, planned: list[UUID]) -> None:
    while await count_messages(shop, planned, "read") < len(planned):  # noqa: ASYNC110  another process writes
        await asyncio.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    run_to_end(main(asked.messages, asked.rounds))

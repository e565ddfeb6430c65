"""How fast could any durable way out be? The leanest one against the bare pump: a bound of outbound.py.

    python bench/lean.py [--messages 20000] [--rounds 3] [--api sinch_legacy]

It knows no people, consents, policy, templates, prices, limits, reasons or events. It has a narrow table of what waits
and what is in flight, whose rows come and go and whose updates touch no index. What is left is what house.md asks of
any design: a message is claimed before its call and its outcome recorded after it, each committed with fsync. It uses
Parley's driver, client, provider and PostgreSQL and sends the worker's own request; only number and name are each
message's.

Three figures: one such process, two, and one whose provider costs nothing, which is claim and record alone. With each,
what a message costs of a processor: the senders' main threads (which are Python), their other threads (which are the
client's), PostgreSQL and the provider.
"""

import argparse
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Sequence
from itertools import count, islice, repeat
from pathlib import Path

import msgspec
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.callbacks import phone
from bench.support.cpu import Cpu, MainThread, database_in, listening_at
from bench.support.figures import print_costs, print_ratio
from bench.support.folders import data_folder
from bench.support.lean_sender import TABLES
from bench.support.load import send_all
from bench.support.programs import provider
from bench.support.requests import form_of
from bench.support.senders import lean_senders, send_all_due
from bench.support.shop import Shop, open_shop
from parley.cli.event_loop import run_to_end
from parley.providers.http import CONNECTIONS, HttpClient

WAYS = ("one process", "two processes", "one process, calls that cost nothing")
_numbers = count(1)
Figures = tuple[float, dict[str, float]]
"""Messages a second, and what one cost."""


class Stage(msgspec.Struct, frozen=True):
    """What all ways share."""

    shop: Shop
    folder: Path
    """Of the data."""
    provider: str
    """Its address."""


async def main(messages: int, rounds: int, api: str) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with provider() as url, open_shop(folder, api, url, 1) as shop, HttpClient() as client:
            stage = Stage(shop, folder, url)
            form = await form_of(shop, client)
            await _set_up(shop)
            asked = msgspec.json.encode(form).decode()
            async with lean_senders(folder, asked, 2) as pair, lean_senders(folder, asked, 1, instant=True) as alone:
                at_work = dict(zip(WAYS, (pair[:1], pair, alone), strict=True))
                figures: dict[str, list[Figures]] = {way: [] for way in WAYS}
                floor = []
                for workers in (pair, alone):
                    await _measure(stage, workers, messages // 10)
                for _ in range(rounds):
                    for way, workers in at_work.items():
                        figures[way].append(await _measure(stage, workers, messages))
                    floor.append((await send_all(client, repeat(form, messages), CONNECTIONS)).per_second)
    for way, rounds_of_it in figures.items():
        print_ratio(f"lean outbox, {api}, {way}", "messages/s", [rate for rate, _ in rounds_of_it], floor)
        print_costs([costs for _, costs in rounds_of_it])


async def _set_up(shop: Shop) -> None:
    async with shop.house.database.connection() as connection:
        await connection.execute(TABLES)


async def _measure(stage: Stage, workers: Sequence[Process], messages: int) -> Figures:
    shop = stage.shop
    rows = [(number, phone(number).encode(), f"Name {number}".encode()) for number in islice(_numbers, messages)]
    async with shop.house.database.transaction() as connection:
        await connection.copy_records_to_table("lean_outbox", records=rows, columns=("id", "phone", "name"))
    async with shop.house.database.connection() as connection:
        await connection.execute("VACUUM ANALYZE lean_outbox")
    cpu, started = _cpu(stage, workers), time.perf_counter()
    await send_all_due(workers)
    seconds, costs = time.perf_counter() - started, cpu.per_unit(messages)
    await _check(shop, [number for number, *_ in rows])
    costs["other threads"] -= costs["main thread"]
    return messages / seconds, costs


def _cpu(stage: Stage, workers: Sequence[Process]) -> Cpu:
    return Cpu(
        {
            "main thread": [MainThread(one.pid) for one in workers],
            "other threads": [psutil.Process(one.pid) for one in workers],  # and the main one, which is subtracted
            "PostgreSQL": database_in(stage.folder),
            "provider": listening_at(stage.provider),
        }
    )


async def _check(shop: Shop, numbers: Sequence[int]) -> None:
    async with shop.house.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM lean_outbox") == 0
        asked = "SELECT count(DISTINCT provider_id) FROM lean_sent WHERE id = ANY ($1::bigint[])"
        assert await connection.fetchval(asked, numbers) == len(numbers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--api", choices=("sinch_legacy", "sinch_conversation"), default="sinch_legacy")
    asked = parser.parse_args()
    run_to_end(main(asked.messages, asked.rounds, asked.api))

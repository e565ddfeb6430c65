"""What do prices and the ledger add to a message? In processor time, of the worker and of PostgreSQL.

    python bench/costs.py [--messages 20000] [--rounds 3]

Three steps, each by itself, with real messages of a campaign's template, in batches of 100: *weigh*, the price and the
budget looked at before a message leaves; *reserve*, the entries written with the planned messages; *settle*, those
written with their delivery reports. The floor of the last two is the same transactions without the ledger.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import msgspec
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.cpu import Cpu, database_in
from bench.support.folders import data_folder
from bench.support.shop import Shop, open_shop, plan
from parley.costs import Quote
from parley.domain.message import State
from parley.policy import Allow
from parley.services.definitions import project_definitions
from parley.services.facts import facts_of, subject_of
from parley.services.people import people
from parley.services.price_messages import Turn, book_reservations, book_turns, quote_of, till_in
from parley.store.database import Connection
from parley.store.messages import MessageRow, lock_messages
from parley.store.stops import stops_of

BATCH = 100
Step = Callable[[Connection, Sequence[MessageRow], datetime], Awaitable[object]]


async def main(messages: int, rounds: int) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with open_shop(folder, "sinch_legacy", "http://127.0.0.1:9", 1000) as shop:
            ids = await plan(shop, messages)
            async with shop.house.database.transaction() as connection:
                rows = await lock_messages(connection, ids)
            assert all(row.quote for row in rows)
            print(f"weigh: worker {median([await _weigh(shop, rows) for _ in range(rounds)]):.1f} µs a message")
            for name, step in (("reserve", _reserve), ("settle", _settle)):
                told = [await _measured(shop, folder, rows, step, number) for number in range(rounds)]
                bare = [await _measured(shop, folder, rows, _nothing, number) for number in range(rounds)]
                costs = {who: median(one[who] for one in told) - median(one[who] for one in bare) for who in told[0]}
                print(f"{name}: " + ", ".join(f"{who} {cost:.1f} µs a message" for who, cost in costs.items()))


async def _weigh(shop: Shop, rows: Sequence[MessageRow]) -> float:
    house, project_id = shop.house, shop.project.project_id
    now = house.clock()
    async with house.database.transaction() as connection:
        project = await project_definitions(connection, project_id)
        known = await people(connection, {row.customer_id for row in rows})
        stops = await stops_of(connection, project_id)
        facts = [facts_of(project, known[row.customer_id], subject_of(row), stops) for row in rows]
        till = await till_in(connection, project_id, project, now)
    began = time.thread_time()
    for row, seen in zip(rows, facts, strict=True):
        old = quote_of(row)
        _, new = till.seen(seen, "bench", old)
        till.decided(Allow(), "bench", old, new)
    return 1e6 * (time.thread_time() - began) / len(rows)


async def _measured(shop: Shop, folder: Path, rows: Sequence[MessageRow], step: Step, number: int) -> dict[str, float]:
    async with shop.house.database.connection():
        cpu = Cpu({"worker": [psutil.Process(os.getpid())], "PostgreSQL": database_in(folder)})
        now = shop.house.clock() + timedelta(seconds=number)
        for start in range(0, len(rows), BATCH):
            async with shop.house.database.transaction() as connection:
                await step(connection, rows[start : start + BATCH], now)
        return cpu.per_unit(len(rows))


async def _reserve(connection: Connection, rows: Sequence[MessageRow], now: datetime) -> None:
    planned = [msgspec.structs.replace(row, quote=_reserved(row)) for row in rows]
    await book_reservations(connection, rows[0].project_id, planned, now)  # type: ignore[arg-type]


def _reserved(row: MessageRow) -> Quote | None:
    quote = quote_of(row)
    return msgspec.structs.replace(quote, reserved=True) if quote else None


async def _settle(connection: Connection, rows: Sequence[MessageRow], now: datetime) -> None:
    await book_turns(connection, [Turn(row, State.DELIVERED, now) for row in rows], now)


async def _nothing(connection: Connection, rows: Sequence[MessageRow], now: datetime) -> None:
    await connection.fetchval("SELECT $1::timestamptz, $2::integer", now, len(rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    asyncio.run(main(asked.messages, asked.rounds))

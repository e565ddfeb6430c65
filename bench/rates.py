"""What do lanes and limits cost? The worker of bench/outbound.py with one sender, with a limited one, and with many.

    python bench/rates.py [--messages 2000] [--rounds 3] [--lanes 100]

The limit is the highest there is, 1,000 messages a second, so that it is asked for and seldom binds. CPU seconds are
those of this process and of PostgreSQL's: on a shared machine they say more than the wall clock.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.folders import data_folder
from bench.support.programs import provider
from bench.support.shop import Shop, count_messages, deliver_all, delivery, open_shop, plan
from parley.providers.http import HttpClient
from parley.services.apply_definitions import apply_definitions
from parley.services.read_definitions import File, read_definitions

CUSTOMERS = 1000
LIMITED = {"messages_per_second": 1000}


class Cost(msgspec.Struct, frozen=True):
    """Of one round."""

    per_second: float
    cpu_ms: float
    """For a message."""


async def main(messages: int, rounds: int, lanes: int) -> None:
    """Measures and prints; the ways take turns, so that a busy neighbour meets all of them."""
    ways = {"one lane": (1, None), "one lane with a limit": (1, LIMITED), f"{lanes} lanes": (lanes, None)}
    told: dict[str, list[Cost]] = {way: [] for way in ways}
    with data_folder() as folder:
        async with provider() as url, open_shop(folder, "sinch_legacy", url, CUSTOMERS) as shop, HttpClient() as client:
            await _round(shop, client, messages // 4, 1)  # opens connections, fills caches
            for _ in range(rounds):
                for way, (count, limits) in ways.items():
                    await _limit(shop, url, limits)
                    told[way].append(await _round(shop, client, messages, count))
    for way, costs in told.items():
        print(f"{way}: {_spread([one.per_second for one in costs])} messages/s, ", end="")
        print(f"CPU {_spread([one.cpu_ms for one in costs])} ms a message", flush=True)


async def _round(shop: Shop, client: HttpClient, messages: int, lanes: int) -> Cost:
    planned = await plan(shop, messages)
    async with shop.house.database.transaction() as connection:
        await connection.execute(
            "UPDATE messages m SET integration = CASE WHEN $2 = 1 THEN 'bench' ELSE 'lane-' || (n.place % $2) END "
            "FROM unnest($1::uuid[]) WITH ORDINALITY n (id, place) WHERE m.id = n.id AND $2 > 1",
            planned,
            lanes,
        )
    worker, cpu, started = delivery(shop, client), _cpu_seconds(shop), time.perf_counter()
    await deliver_all(worker)
    seconds, cpu = time.perf_counter() - started, _cpu_seconds(shop) - cpu
    await worker.close()
    assert await count_messages(shop, planned, "accepted") == messages
    return Cost(messages / seconds, cpu / messages * 1000)


async def _limit(shop: Shop, url: str, limits: dict[str, Any] | None) -> None:
    account = {"account": "bench-bot", "bearer_token": "bench-token", "base_url": url}
    integration = {
        "kind": "integration", "name": "bench", "api": "sinch_legacy", "account": account,
        "limits": limits or {"messages_per_second": None},
    }  # fmt: skip
    files = [File("integration", msgspec.json.encode(integration))]
    house = shop.house
    await apply_definitions(
        house.database, house.box, shop.project.project_id, read_definitions(files, {}), house.clock()
    )


def _cpu_seconds(shop: Shop) -> float:
    """Of this process and of PostgreSQL's; those that have ended count in their parent's."""
    sign_of_life = shop.house.config.data_dir / "postgres" / "postmaster.pid"
    server = psutil.Process(int(sign_of_life.read_text(encoding="utf-8").splitlines()[0]))
    times = [psutil.Process().cpu_times(), server.cpu_times(), *(one.cpu_times() for one in server.children())]
    ended = server.cpu_times()
    return sum(one.user + one.system for one in times) + ended.children_user + ended.children_system


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):,.2f} ({min(values):,.2f} to {max(values):,.2f})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lanes", type=int, default=100)
    asked = parser.parse_args()
    asyncio.run(main(asked.messages, asked.rounds, asked.lanes))

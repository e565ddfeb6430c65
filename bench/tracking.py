"""How fast are events tracked? Batches of 50 through the API, customers resolved, durable, against bare inserts.

    python bench/tracking.py [--batches 600] [--rounds 3] [--clients 8]

A shop's clients post batches to `parley serve --workers 0` over HTTP, each event with its time and properties, spread
over known customers. The floor is asyncpg inserting the very rows that the API has just stored into a table of the same
shape and indexes: 50 in a statement and a commit, over as many connections as there were clients, in the same database.
"""

import argparse
import asyncio
import sys
import time
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.figures import print_ratio
from bench.support.folders import data_folder
from bench.support.load import send_all
from bench.support.programs import parley_server
from bench.support.shop import Shop, count_rows, open_shop
from parley.domain.http import HttpRequest
from parley.providers.http import HttpClient

BATCH = 50
CUSTOMERS = 2000
STRIDE = 7
"""Coprime to the number of customers: a batch meets 50 different customers, and neighbours share few of them."""
COLUMNS = {
    "bucket": "smallint",
    "id": "uuid",
    "project_id": "uuid",
    "customer_id": "uuid",
    "type": "text",
    "occurred_at": "timestamptz",
    "properties": "jsonb",
    "sameness": "text",
    "created_at": "timestamptz",
}
MAKE_FLOOR = "DROP TABLE IF EXISTS floor_events; CREATE TABLE floor_events (LIKE events INCLUDING ALL)"
STORED = "SELECT * FROM events WHERE project_id = $1 AND type = 'cart_update' ORDER BY id DESC LIMIT $2"
_ARRAYS = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(COLUMNS.values(), 1))
INSERT = f"INSERT INTO floor_events SELECT * FROM unnest({_ARRAYS}) ON CONFLICT DO NOTHING"  # noqa: S608  constants
Rows = tuple[list[Any], ...]
"""The columns of one insert, as the statement takes them."""

_numbers: defaultdict[UUID, Iterator[int]] = defaultdict(count)
"""No two events of a project are the same, and its customers take turns."""


async def main(batches: int, rounds: int, clients: int) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with (
            open_shop(folder, "sinch_legacy", "http://127.0.0.1:9", CUSTOMERS) as shop,
            parley_server(folder) as url,
            HttpClient() as client,
            asyncpg.create_pool(shop.house.database_url, min_size=clients, max_size=clients) as pool,
        ):
            await send_all(client, requests(shop, url, clients * 4), clients)
            ours, floor = [], []
            for _ in range(rounds):
                ours.append(await _ours(shop, url, client, batches, clients))
                floor.append(await _bare(shop, pool, batches))
    print_ratio("tracking", "events/s", ours, floor)


async def _ours(shop: Shop, url: str, client: HttpClient, batches: int, clients: int) -> float:
    before = await count_rows(shop, "events")
    load = await send_all(client, list(requests(shop, url, batches)), clients)
    assert await count_rows(shop, "events") == before + batches * BATCH
    return load.per_second * BATCH


def requests(shop: Shop, url: str, count: int) -> Iterator[HttpRequest]:
    """Each event is another one; customers take turns."""
    key = shop.project.private_key
    basic = b64encode(f"{key.stored.key_id}:{key.key_secret}".encode()).decode()
    headers = (("authorization", f"Basic {basic}"), ("content-type", "application/json"))
    address = f"{url}/track/v2/projects/{shop.project.project_token}/batch"
    start, numbers = shop.house.clock().timestamp(), _numbers[shop.project.project_id]
    for _ in range(count):
        commands = [_command(next(numbers), len(shop.customers), start) for _ in range(BATCH)]
        body = msgspec.json.encode({"commands": commands})
        yield HttpRequest("POST", address, headers, body)


def _command(number: int, customers: int, start: float) -> dict[str, Any]:
    properties = {
        "cart_id": f"cart-{number}",
        "action": "add",
        "total_price": 12.5,
        "currency": "EUR",
        "product_list": [{"product_id": f"sku-{number % 97}", "quantity": 1 + number % 3}],
        "location": "https://shop.example/cart",
    }
    event = {
        "customer_ids": {"registered": f"customer-{number * STRIDE % customers}"},
        "event_type": "cart_update",
        "timestamp": start + number / 1000,
        "properties": properties,
    }
    return {"name": "customers/events", "data": event}


async def _bare(shop: Shop, pool: asyncpg.Pool, batches: int) -> float:
    await pool.execute(MAKE_FLOOR)
    newest = await pool.fetch(STORED, shop.project.project_id, batches * BATCH)
    rows = newest[::-1]  # as they came
    parts = [_columns(rows[start : start + BATCH]) for start in range(0, len(rows), BATCH)]
    waiting = iter(parts)
    started = time.perf_counter()
    await asyncio.gather(*(_insert_some(pool, waiting) for _ in range(pool.get_max_size())))
    seconds = time.perf_counter() - started
    assert await pool.fetchval("SELECT count(*) FROM floor_events") == batches * BATCH
    return batches * BATCH / seconds


def _columns(rows: Sequence[asyncpg.Record]) -> Rows:
    return tuple([row[name] for row in rows] for name in COLUMNS)


async def _insert_some(pool: asyncpg.Pool, waiting: Iterator[Rows]) -> None:
    async with pool.acquire() as connection:
        for columns in waiting:
            await connection.execute(INSERT, *columns)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    asked = parser.parse_args()
    asyncio.run(main(asked.batches, asked.rounds, asked.clients))

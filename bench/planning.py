"""How fast is a campaign planned? By one worker and by two, against the same message rows by INSERT ... SELECT.

    python bench/planning.py [--customers 1000000] [--rounds 1]

Everybody has agreed, so each customer gets a message: people read, audience judged, text rendered, policy asked,
message and campaign event written, chunk by chunk. A worker is a process that runs the planning loop of `parley worker`
and no other. The floor is one INSERT ... SELECT over the same customers into a table like `messages`, with all its
indexes and the decision of a real message; it writes no events. Memory is the worker's resident set, sampled, above
what it was when it stood ready.
"""

import argparse
import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.crowd import make_crowd
from bench.support.figures import print_ratio
from bench.support.folders import data_folder
from bench.support.programs import ROOT
from bench.support.shop import Shop, open_shop
from parley.services.apply_definitions import apply_definitions
from parley.services.launch_campaign import launch_campaign
from parley.services.read_definitions import File, read_definitions

CAMPAIGN = {
    "kind": "campaign",
    "name": "bench",
    "audience": {"all": [{"consent": "whatsapp"}, {"attribute": "phone", "is_set": True}]},
    "send": {
        "type": "send_template",
        "template": "order_shipped",
        "parameters": ["{{ customer.first_name }}", "DHL", "https://shop.example/track"],
    },
    "settings": {"consent_category": "whatsapp"},
}
MAKE_FLOOR = "DROP TABLE IF EXISTS floor_messages; CREATE TABLE floor_messages (LIKE messages INCLUDING ALL)"
FLOOR = """
INSERT INTO floor_messages (
    bucket, id, project_id, customer_id, kind, state, integration, account, recipient, content, origin,
    consent_category, priority, planned_at, due_at, decision, changed_at, run_id
)
SELECT c.bucket, encode(set_byte(fresh.bytes, 15, get_byte(fresh.bytes, 15) & 192 | c.bucket), 'hex')::uuid,
    c.project_id, c.id,
    m.kind, m.state, m.integration, m.account, ltrim(c.phone, '+'),
    jsonb_set(m.content, '{parameters,parameters,0}', c.properties -> 'first_name'), m.origin, m.consent_category,
    m.priority, m.planned_at, m.due_at, m.decision, m.changed_at, m.run_id
FROM customers c
CROSS JOIN LATERAL (SELECT uuid_send(uuidv7()) AS bytes, c.id AS each) fresh
CROSS JOIN (SELECT * FROM messages LIMIT 1) m
WHERE c.project_id = $1
"""
EMPTY = """
TRUNCATE messages, events; UPDATE campaign_runs SET state = 'ended', ended_at = now() WHERE ended_at IS NULL; CHECKPOINT
"""
LOOKED_AT = "SELECT coalesce(sum(looked_at), 0) FROM campaign_shares WHERE run_id = $1"
LOOK_SECONDS = 0.2
LONGEST_SECONDS = 3_600.0


class Planned(msgspec.Struct, frozen=True):
    """One run of the campaign."""

    per_second: float
    worker_cpu_us: float
    """Of one message."""
    memory_mb: tuple[float, ...]
    """The most each worker had above idle."""


async def main(customers: int, rounds: int) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with open_shop(folder, "sinch_legacy", "http://127.0.0.1:9", 0) as shop:
            connection = await asyncpg.connect(shop.house.database_url)
            await make_crowd(connection, shop.project.project_id, customers)
            await _apply(shop)
            one, two, floor = [], [], []
            for _ in range(rounds):
                one.append(await _plan(shop, folder, connection, customers, workers=1))
                floor.append(await _floor(shop, connection, customers))
                two.append(await _plan(shop, folder, connection, customers, workers=2))
            await connection.close()
    for name, runs in (("one worker", one), ("two workers", two)):
        print_ratio(f"planning, {name}", "messages/s", [run.per_second for run in runs], floor)
        memory = ", ".join(f"{megabytes:.0f}" for run in runs for megabytes in run.memory_mb)
        print(f"  {runs[-1].worker_cpu_us:.0f} µs of the workers' CPU a message; memory above idle {memory} MB")


async def _apply(shop: Shop) -> None:
    read = read_definitions([File("campaign", msgspec.json.encode(CAMPAIGN))], {})
    await apply_definitions(shop.house.database, shop.house.box, shop.project.project_id, read, shop.house.clock())


async def _plan(shop: Shop, folder: Path, connection: asyncpg.Connection, customers: int, workers: int) -> Planned:
    await connection.execute(EMPTY)
    async with _planners(folder, workers) as processes:
        seen = [psutil.Process(process.pid) for process in processes]
        idle, cpu = [_megabytes(one) for one in seen], sum(_cpu(one) for one in seen)
        started = time.perf_counter()
        run = await launch_campaign(shop.house.database, shop.project.project_id, "bench", "bench", shop.house.clock())
        most = list(idle)
        while await connection.fetchval(LOOKED_AT, run.id) < customers:
            await asyncio.sleep(LOOK_SECONDS)
            most = [max(known, _megabytes(one)) for known, one in zip(most, seen, strict=True)]
            assert time.perf_counter() - started < LONGEST_SECONDS
        seconds = time.perf_counter() - started
        spent = sum(_cpu(one) for one in seen) - cpu
    assert await connection.fetchval("SELECT count(*) FROM messages WHERE state = 'queued'") == customers
    assert await connection.fetchval("SELECT count(*) FROM events WHERE type = 'campaign'") == customers
    above = tuple(high - low for high, low in zip(most, idle, strict=True))
    return Planned(customers / seconds, spent / customers * 1e6, above)


async def _floor(shop: Shop, connection: asyncpg.Connection, customers: int) -> float:
    await connection.execute(MAKE_FLOOR)
    started = time.perf_counter()
    done = await connection.execute(FLOOR, shop.project.project_id)
    seconds = time.perf_counter() - started
    assert done == f"INSERT 0 {customers}", done
    await connection.execute("DROP TABLE floor_messages")
    return customers / seconds


@asynccontextmanager
async def _planners(folder: Path, count: int) -> AsyncIterator[list[Process]]:
    words = (sys.executable, "-m", "bench.support.planner", str(folder))
    processes = [await asyncio.create_subprocess_exec(*words, stdout=PIPE, cwd=ROOT) for _ in range(count)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
        yield processes
    finally:
        for process in processes:
            process.terminate()
        await asyncio.gather(*(process.wait() for process in processes))


def _megabytes(process: psutil.Process) -> float:
    return process.memory_info().rss / 1e6


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    asyncio.run(main(asked.customers, asked.rounds))

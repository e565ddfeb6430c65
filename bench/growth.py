"""Does it stay fast when the shop has grown? Outbound, inbound and tracking, each against itself on an empty store.

    python bench/growth.py [--customers 1000000] [--events 10000000] [--rounds 3] [--cycles 1] [--only tracking]

Two stores side by side in the same run, each with its own PostgreSQL and its own `parley serve`: a shop of 1,000
customers, and the same grown by SQL to the promised size (bench/support/grown.py), with a consent, a sent message and a
callback for each customer. Filling takes some minutes and about 15 GB of disk. The measuring is that of outbound.py,
inbound.py and tracking.py, in turns, on both. In the grown one tracking goes round all customers; the others are about
some thousand of them, strewn over the whole store.

Tracking is told twice. Right after a checkpoint nearly each page that it meets goes into the log whole: that is its
dearest moment. A whole cycle, from one checkpoint that PostgreSQL makes by itself to the next, is what lasts: more than
a million events, after as many on the way there.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench import inbound, outbound, tracking
from bench.support.callbacks import STORY
from bench.support.figures import print_ratio
from bench.support.folders import data_folder
from bench.support.grown import grow
from bench.support.load import send_all
from bench.support.programs import parley_server, provider
from bench.support.shop import Shop, count_rows, open_shop, until_read
from bench.support.wires import RememberingWire
from parley.providers.http import HttpClient

CUSTOMERS = 1000
AT_ONCE = 100
CLIENTS = 8
CHECKPOINTS = "SELECT num_timed + num_requested FROM pg_stat_checkpointer"
"""Begun so far."""
LOG = "SELECT (pg_current_wal_lsn() - '0/0')::bigint"
WARM_UP = 10
"""The first of so many parts of a round, before the clock counts: connections open, plans and caches fill."""
MOST_PARTS = 400
"""Of tracking; a checkpoint that has not come by then will not come."""


class Stage(msgspec.Struct, frozen=True):
    """A shop with its server."""

    shop: Shop
    url: str
    client: HttpClient


class Sizes(msgspec.Struct, frozen=True):
    """Of the grown store, and of one round."""

    customers: int
    events: int
    messages: int
    callbacks: int
    batches: int


class Part(msgspec.Struct, frozen=True):
    """The same number of events tracked on both stores, one after the other."""

    cycle: int
    """How many checkpoints the grown store had begun by itself."""
    grown: float
    empty: float
    """Seconds."""
    log: int
    """Bytes that the grown store wrote into its log."""


Measure = Callable[[Stage, int], Awaitable[float]]
"""So many units, as a rate."""


async def main(sizes: Sizes, rounds: int, cycles: int, only: str | None) -> None:
    """Measures and prints."""
    async with provider() as sinch, _stage(sinch) as empty, _stage(sinch) as small:
        started = time.perf_counter()
        grown = await _grown(small, sizes)
        print(f"grown to {sizes.customers:,} customers in {time.perf_counter() - started:.0f} s", flush=True)
        compared = {
            "outbound": ("messages/s", _outbound, sizes.messages),
            "inbound": ("callbacks/s", _inbound, sizes.callbacks),
        }
        for name, told in compared.items():
            if only in (None, name):
                await _compare(name, *told, (grown, empty), rounds)
        if only in (None, "tracking"):
            await _compare_tracking((grown, empty), sizes.batches, rounds, cycles)


@asynccontextmanager
async def _stage(sinch: str) -> AsyncIterator[Stage]:
    with data_folder() as folder:
        async with (
            open_shop(folder, "sinch_conversation", sinch, CUSTOMERS) as shop,
            parley_server(folder) as url,
            HttpClient(connections=AT_ONCE) as client,
        ):
            yield Stage(shop, url, client)


async def _grown(stage: Stage, sizes: Sizes) -> Stage:
    """What the store is filled with are copies of what comes in here."""
    await _inbound(stage, 2 * len(STORY) * WARM_UP)
    return msgspec.structs.replace(stage, shop=await grow(stage.shop, sizes.customers, sizes.events))


async def _compare(
    name: str, unit: str, measure: Measure, units: int, stages: tuple[Stage, Stage], rounds: int
) -> None:
    for stage in stages:
        await measure(stage, units // WARM_UP)
    told = [[await measure(stage, units) for stage in stages] for _ in range(rounds)]
    print_ratio(f"{name}, grown", unit, [grown for grown, _ in told], [empty for _, empty in told])


async def _outbound(stage: Stage, messages: int) -> float:
    told = await outbound._ours(stage.shop, RememberingWire(stage.client), messages)  # noqa: SLF001  as it measures
    return told.per_second


async def _inbound(stage: Stage, callbacks: int) -> float:
    sent = await inbound._sent(stage.shop, stage.client, callbacks // 2 // len(STORY))  # noqa: SLF001  as it measures
    load = await send_all(stage.client, inbound._mixed(stage.shop, stage.url, sent), AT_ONCE)  # noqa: SLF001
    return load.per_second


async def _compare_tracking(stages: tuple[Stage, Stage], batches: int, rounds: int, cycles: int) -> None:
    for stage in stages:
        await until_read(stage.shop)  # what comes of callbacks are events, too
    before = [await count_rows(stage.shop, "events") for stage in stages]
    for stage in stages:
        await _track(stage, batches // WARM_UP)
        await _ask(stage, "CHECKPOINT")
    parts = await _parts(*stages, batches, cycles)
    tracked = len(parts) * batches + batches // WARM_UP
    assert [await count_rows(stage.shop, "events") - rows for stage, rows in zip(stages, before, strict=True)] == [
        tracked * tracking.BATCH
    ] * len(stages)
    _print_parts("right after a checkpoint", batches, [[part] for part in parts[:rounds]])
    whole = [[part for part in parts if part.cycle == cycle] for cycle in range(1, cycles + 1)]
    _print_parts("over whole cycles", batches, whole)


async def _parts(grown: Stage, empty: Stage, batches: int, cycles: int) -> list[Part]:
    """From a checkpoint that was asked for, over so many whole cycles after the first that came by itself."""
    parts: list[Part] = []
    first = await _ask(grown, CHECKPOINTS)
    for _ in range(MOST_PARTS):
        cycle, log = await _ask(grown, CHECKPOINTS) - first, await _ask(grown, LOG)
        if cycle > cycles:
            return parts
        seconds = await _track(grown, batches)
        parts.append(Part(cycle, seconds, await _track(empty, batches), await _ask(grown, LOG) - log))
    raise AssertionError(f"{MOST_PARTS * batches * tracking.BATCH:,} events and no {cycles + 1} checkpoints")


async def _track(stage: Stage, batches: int) -> float:
    """Seconds. That they are stored is looked at in the end: to count ten million rows takes seconds, too."""
    load = await send_all(stage.client, list(tracking.requests(stage.shop, stage.url, batches)), CLIENTS)
    return load.seconds


async def _ask(stage: Stage, asked: str) -> int:
    async with stage.shop.house.database.connection() as connection:
        return await connection.fetchval(asked)  # type: ignore[no-any-return]


def _print_parts(when: str, batches: int, rounds: Sequence[Sequence[Part]]) -> None:
    """A round is as fast as all of it: a stall counts."""
    events = [len(parts) * batches * tracking.BATCH for parts in rounds]
    grown = [count / sum(part.grown for part in parts) for count, parts in zip(events, rounds, strict=True)]
    empty = [count / sum(part.empty for part in parts) for count, parts in zip(events, rounds, strict=True)]
    print_ratio(f"tracking {when}, grown", "events/s", grown, empty)
    log = sum(part.log for parts in rounds for part in parts) / sum(events)
    print(f"  of {', '.join(f'{count:,}' for count in events)} events; log {log / 1000:.1f} kB an event", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--callbacks", type=int, default=4800)
    parser.add_argument("--batches", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cycles", type=int, default=1)
    parser.add_argument("--only", choices=("outbound", "inbound", "tracking"))
    asked = vars(parser.parse_args())
    sizes = Sizes(**{name: asked[name] for name in Sizes.__struct_fields__})
    asyncio.run(main(sizes, asked["rounds"], asked["cycles"], asked["only"]))

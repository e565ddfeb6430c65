"""Does it stay fast when the shop has grown? Outbound, inbound and tracking, each against itself on an empty store.

    python bench/growth.py [--customers 1000000] [--events 10000000] [--rounds 3] [--only tracking]

Two stores side by side in the same run, each with its own PostgreSQL and its own `parley serve`: a shop of 1,000
customers, and the same grown by SQL to the promised size (bench/support/grown.py), with a consent, a sent message and a
callback for each customer. Filling takes some minutes and about 15 GB of disk. The measuring is that of outbound.py,
inbound.py and tracking.py, in turns, on both. In the grown one tracking goes round all customers; the others are about
some thousand of them, strewn over the whole store.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
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
from bench.support.shop import Shop, open_shop
from bench.support.wires import RememberingWire
from parley.providers.http import HttpClient

CUSTOMERS = 1000
AT_ONCE = 100
CLIENTS = 8
WARM_UP = 10
"""The first of so many parts of a round, before the clock counts: connections open, plans and caches fill."""


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


Measure = Callable[[Stage, int], Awaitable[float]]
"""So many units, as a rate."""


async def main(sizes: Sizes, rounds: int, only: str | None) -> None:
    """Measures and prints."""
    async with provider() as sinch, _stage(sinch) as empty, _stage(sinch) as small:
        started = time.perf_counter()
        grown = await _grown(small, sizes)
        print(f"grown to {sizes.customers:,} customers in {time.perf_counter() - started:.0f} s", flush=True)
        compared = {
            "outbound": ("messages/s", _outbound, sizes.messages),
            "inbound": ("callbacks/s", _inbound, sizes.callbacks),
            "tracking": ("events/s", _tracking, sizes.batches),
        }
        for name in (only,) if only else compared:
            await _compare(name, *compared[name], (grown, empty), rounds)


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
    return await outbound._ours(stage.shop, RememberingWire(stage.client), messages)  # noqa: SLF001  as it measures


async def _inbound(stage: Stage, callbacks: int) -> float:
    sent = await inbound._sent(stage.shop, stage.client, callbacks // 2 // len(STORY))  # noqa: SLF001  as it measures
    load = await send_all(stage.client, inbound._mixed(stage.shop, stage.url, sent), AT_ONCE)  # noqa: SLF001
    return load.per_second


async def _tracking(stage: Stage, batches: int) -> float:
    return await tracking._ours(stage.shop, stage.url, stage.client, batches, CLIENTS)  # noqa: SLF001  as it measures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--callbacks", type=int, default=4800)
    parser.add_argument("--batches", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("outbound", "inbound", "tracking"))
    asked = vars(parser.parse_args())
    asyncio.run(main(Sizes(**{name: asked[name] for name in Sizes.__struct_fields__}), asked["rounds"], asked["only"]))

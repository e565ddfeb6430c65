"""What does a second worker process add, where the processor is the limit?

    python bench/workers.py [--messages 4000] [--rounds 3]

The part of sending that takes processor time: planned messages are claimed, judged, rendered and recorded in
PostgreSQL by one process, then as many others by two at once. The provider answers inside each worker and costs
nothing, and no other program of a bench runs. The figure is the rate of two, its floor the rate of one.

It also says how busy both processors are meanwhile, with PostgreSQL and all: what one worker leaves idle is all that a
second one can add.
"""

import argparse
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.cpu import Processors
from bench.support.figures import print_busy, print_ratio
from bench.support.folders import data_folder
from bench.support.senders import send_all_due, senders
from bench.support.shop import Shop, check_accepted, open_shop, plan
from parley.cli.event_loop import run_to_end

CUSTOMERS = 5000
"""Enough that no round comes to the burst of a pair (whatsapp.md 4): 45 messages to one recipient."""
NOBODY = "http://127.0.0.1:9"
"""The account's server, which nobody calls."""


async def main(messages: int, rounds: int) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with (
            open_shop(folder, "sinch_legacy", NOBODY, CUSTOMERS) as shop,
            senders(folder, 2, instant=True) as (first, second),
        ):
            await _rate(shop, [first, second], messages // 5)  # opens connections, fills caches
            one, two = [], []
            for _ in range(rounds):
                one.append(await _rate(shop, [first], messages))
                two.append(await _rate(shop, [first, second], messages))
    print_ratio("two workers", "messages/s", [rate for rate, _ in two], [rate for rate, _ in one])
    print_busy({"with one": [busy for _, busy in one], "with two": [busy for _, busy in two]})


async def _rate(shop: Shop, workers: Sequence[Process], messages: int) -> tuple[float, float]:
    """Messages a second, and which part of all processors' time was used."""
    planned = await plan(shop, messages)
    processors, started = Processors(), time.perf_counter()
    await send_all_due(workers)
    seconds, busy = time.perf_counter() - started, processors.busy()
    await check_accepted(shop, planned)
    return messages / seconds, busy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    run_to_end(main(asked.messages, asked.rounds))

"""A worker process: the loops that send messages and move journeys, until they are told to stop."""

import asyncio
import gc
import signal
import sys
from collections.abc import Sequence

from parley.config import Config
from parley.domain.clock import Clock, system_clock
from parley.house import open_house
from parley.queue.loop import Loop
from parley.services.check_key import check_key
from parley.wiring import open_loops


async def work(config: Config, *, until_stdin_closes: bool, clock: Clock = system_clock) -> None:
    """Until SIGTERM or SIGINT, or until whoever started it is gone; what is in flight is finished first."""
    stopping = stop_on_signals()
    if until_stdin_closes:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stopping.set)
    async with open_house(config, clock) as house, open_loops(house) as loops:
        await check_key(house.database, house.box)
        spare_the_collector()
        await run_together(loops, stopping)


async def run_together(loops: Sequence[Loop], stopping: asyncio.Event) -> None:
    """Until `stopping`, or until one of them ends, which none should: then the others finish their step, and the worker
    ends with its error, so that whoever keeps it running starts another, with all its loops.
    """
    running = [asyncio.create_task(loop.run()) for loop in loops]
    told = asyncio.create_task(stopping.wait())
    await asyncio.wait([told, *running], return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    for loop in loops:
        loop.stop()
    await asyncio.wait(running)
    await asyncio.gather(*running)  # raises what ended one


def spare_the_collector() -> None:
    """What is loaded by now stays to the end: Python need not look through it for garbage again and again.

    Planning and sending make so many small objects that looking took a tenth of their time.
    """
    gc.collect()
    gc.freeze()


def stop_on_signals() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping

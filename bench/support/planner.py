"""A worker that only plans campaigns: the loop of `parley worker`, without those that send and move journeys.

    python -m bench.support.planner DATA_DIR

A bench of planning wants no sending beside it. Says `ready` and works until SIGTERM.
"""

import asyncio
import sys
from pathlib import Path

from parley.cli.event_loop import run_to_end
from parley.cli.working import spare_the_collector, stop_on_signals
from parley.config import Config
from parley.house import open_house
from parley.wiring import open_loops


async def work(data_dir: Path) -> None:
    """As `parley.cli.working.work` does, with one loop of its own."""
    stopping = stop_on_signals()
    async with open_house(Config(data_dir, None, None)) as house, open_loops(house) as loops:
        (planning,) = (loop for loop in loops if loop.name == "campaigns")
        spare_the_collector()
        running = asyncio.create_task(planning.run())
        print("ready", flush=True)
        await stopping.wait()
        planning.stop()
        await running


if __name__ == "__main__":
    run_to_end(work(Path(sys.argv[1])))

"""`parley demo`: the seed page's loop, for real: a server, a local Sinch, a shop's calls, a customer's handset."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from parley.cli.demo_play import play
from parley.cli.demo_stage import open_stage
from parley.cli.event_loop import run_to_end
from parley.cli.options import Port

app = App(name="demo", help="Play the loop on a local Sinch, then keep serving.")

Api = Literal["sinch_legacy", "sinch_conversation"]


@app.default
def demo(
    *,
    exit_after: Annotated[bool, Parameter(name="--exit", help="Stop after the loop.")] = False,
    api: Annotated[Api, Parameter(help="Which of Sinch's APIs the shop's account speaks.")] = "sinch_legacy",
    port: Port = 0,
    data_dir: Annotated[Path, Parameter(help="Kept between runs.")] = Path("parley-demo"),
) -> int:
    """Exit code 0 only if every step happened."""
    try:
        return run_to_end(_demo(data_dir.absolute(), port, api, exit_after=exit_after))
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM


async def _demo(data_dir: Path, port: int, api: Api, *, exit_after: bool) -> int:
    _clear_the_stage_on_sigterm()
    async with open_stage(data_dir, port, api) as stage:
        happened = await play(stage)
        if not exit_after:
            await stage.keep_open()
    return 0 if happened else 1


def _clear_the_stage_on_sigterm() -> None:
    """As Ctrl-C does: the processes on it have sessions of their own and would go on without us."""
    playing = asyncio.current_task()
    if playing is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)

"""A run that somebody breaks off ends what it has started, and says how far it was."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import psutil
import pytest

SECONDS = 120
"""For a start and an end on a slow machine."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_run_that_is_broken_off_leaves_nothing_and_says_how_to_play_it_again(
    tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "kept"
    words = ("--messages", "50", "--kills", "0", "--seed", "7", "--keep", str(folder))
    run = await asyncio.create_subprocess_exec(sys.executable, "-m", "chaos", *words, stdout=PIPE, stderr=PIPE)
    assert run.stdout is not None
    async with asyncio.timeout(SECONDS):
        while b"have opted in" not in (line := await run.stdout.readline()):
            assert line, "it ended by itself"
        run.send_signal(number)
        told, errors = await run.communicate()
    last = told.decode().splitlines()[-1]
    assert (run.returncode, errors.decode()) == (130, "")
    assert last.startswith("Broken off; all that was started has ended. Last: ")
    assert (
        ".venv/bin/python -m chaos --api sinch_conversation --messages 50 --kills 0 --by campaign --rule give_up "
        "--seed 7 " in last
    )
    _, left = await asyncio.to_thread(psutil.wait_procs, _who_works_in(folder), timeout=SECONDS)
    assert left == []  # but for the database's guard, which sees that it is gone, all have ended before


def _who_works_in(folder: Path) -> list[psutil.Process]:
    """Processes that name the folder."""
    running = psutil.process_iter(["cmdline"])
    return [process for process in running if str(folder) in " ".join(process.info["cmdline"] or ())]

"""A run that somebody breaks off ends what it has started, and says how far it was."""

import asyncio
import gc
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import psutil
import pytest

from tests.frame.processes import parley

SECONDS = 120
"""For a start and an end on a slow machine."""
TURNS = 20
"""Of the loop; by then a command is spawned, and its answer is waited for."""


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


def test_a_command_that_is_broken_off_is_gone_before_its_loop_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what is left of it complains, when it is collected, that its loop is closed."""
    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    before = _children()
    asyncio.run(_broken_off())
    gc.collect()
    assert complaints == []
    assert _children() <= before


async def _broken_off() -> None:
    """While its answer is waited for."""
    before = _children()
    running = asyncio.ensure_future(parley("--help"))
    while _children() <= before:  # noqa: ASYNC110  another process: there is nothing to await
        await asyncio.sleep(0)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children())


def _who_works_in(folder: Path) -> list[psutil.Process]:
    """Processes that name the folder."""
    running = psutil.process_iter(["cmdline"])
    return [process for process in running if str(folder) in " ".join(process.info["cmdline"] or ())]

"""`parley demo --exit`: the page's loop for real, with both APIs; exit code 0 only if every step happened."""

import asyncio
import signal
from asyncio.subprocess import Process
from pathlib import Path

import psutil

from tests.frame.processes import SECONDS, database_pid, end, parley, running, until

SAID = (
    "uploaded the consent: Sinch lists 421901234567",
    "writes CART",
    "https://shop.example/c/8812",
    "writes SHOW ME",
    "order 100245",
    "Every step happened",
)


async def test_every_step_of_the_loop_happens_with_both_apis(tmp_path: Path) -> None:
    """Side by side: they mostly wait."""
    await asyncio.gather(*(_plays_to_its_end(api, tmp_path / api) for api in ("sinch_legacy", "sinch_conversation")))


async def _plays_to_its_end(api: str, data_dir: Path) -> None:
    ended = await parley("demo", "--exit", "--api", api, "--data-dir", str(data_dir))
    assert ended.code == 0, ended.out + ended.err
    for said in SAID:
        assert said in ended.out, api


async def test_it_clears_its_stage_when_it_is_ended_during_the_play(tmp_path: Path) -> None:
    async with running("-m", "parley", "demo", "--exit", "--data-dir", str(tmp_path)) as (demo, _):
        await _has_told(demo, "The customer agrees")
        crew = psutil.Process(demo.pid).children(recursive=True)
        assert len(crew) > 2
        assert await end(demo) == 128 + signal.SIGTERM
    await until(
        lambda: not any(one.is_running() for one in crew) and database_pid(tmp_path) is None, "the stage is clear"
    )


async def test_it_says_so_when_a_step_does_not_happen(tmp_path: Path) -> None:
    async with running("-m", "parley", "demo", "--exit", "--data-dir", str(tmp_path)) as (demo, _):
        await _has_told(demo, "tracks cart_update")
        (sinch,) = [
            one
            for one in psutil.process_iter(["ppid", "cmdline"])
            if one.info["ppid"] == demo.pid and "parley_simulator" in " ".join(one.info["cmdline"] or ())
        ]
        sinch.kill()
        await _has_told(demo, "This step did not happen")
        assert await asyncio.wait_for(demo.wait(), SECONDS) == 1


async def _has_told(demo: Process, what: str) -> None:
    assert demo.stdout is not None
    async with asyncio.timeout(SECONDS):
        while what not in (line := (await demo.stdout.readline()).decode()):
            assert line, f"the demo ended without telling: {what}"

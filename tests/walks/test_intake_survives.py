"""The intake goes on answering whatever happens: a database that hangs, a door that is broken, an error of our own. And
whoever is told to end does, though the database hangs.
"""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import msgspec
import pytest

from parley.domain.clock import system_clock
from parley.services.apply_definitions import apply_definitions
from parley.services.callback_doors import Doors
from parley.services.callback_intake import BATCH, LANES, WAITING, CallbackIntake
from parley.services.callback_spool import CallbackSpool
from parley.services.read_callbacks import IDLE_SECONDS
from parley.services.read_definitions import File, read_definitions
from parley.services.replay_callbacks import Reach
from parley.store.database import GIVE_UP_SECONDS, open_database
from parley.store.wakeups import listening
from tests.frame.processes import serving
from tests.support.builders import NOW
from tests.walks.outage import KEY, SPOOL_BYTES, Outage, message, send, signed
from tests.walks.walk import LEGACY

ANSWER_SECONDS = 0.5
"""Instead of the real ones."""
SLACK = 2.0
"""Seconds that a busy machine may take for what takes some milliseconds."""
OTHERS = 100
"""Callbacks that would take a minute together if each tried a database that hangs."""


async def _seconds(work: Awaitable[object]) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began


async def _send_all(outage: Outage, intake: CallbackIntake, numbers: range) -> None:
    for number in numbers:
        await send(outage, intake, number)


async def test_a_database_that_hangs_keeps_the_first_waiting_and_nobody_after_it(outage: Outage) -> None:
    async with outage.intake(answer_seconds=ANSWER_SECONDS) as intake:
        await send(outage, intake, 0)
        with outage.frozen():
            first = await _seconds(send(outage, intake, 1))
            assert ANSWER_SECONDS < first < ANSWER_SECONDS + GIVE_UP_SECONDS + SLACK
            assert await _seconds(_send_all(outage, intake, range(2, OTHERS))) < ANSWER_SECONDS * OTHERS / 4
        await outage.replayed()
        await send(outage, intake, OTHERS)
    assert sorted(await outage.written(), key=int) == [str(number) for number in range(OTHERS + 1)]


async def test_a_statement_that_waits_for_a_lock_counts_as_a_database_that_hangs(outage: Outage) -> None:
    async with outage.intake(answer_seconds=ANSWER_SECONDS) as intake:
        await send(outage, intake, 0)
        async with outage.database.transaction() as connection:
            await connection.execute("LOCK TABLE callbacks IN ACCESS EXCLUSIVE MODE")
            assert ANSWER_SECONDS < await _seconds(send(outage, intake, 1)) < ANSWER_SECONDS + SLACK
        await outage.replayed()
    assert await outage.written() == ["0", "1"]


async def test_a_server_ends_though_the_database_hangs(outage: Outage) -> None:
    async with AsyncExitStack() as open_until_here:
        intake = await open_until_here.enter_async_context(outage.intake())
        await send(outage, intake, 0)
        with outage.frozen():
            waiting = asyncio.create_task(send(outage, intake, 1))
            await asyncio.sleep(ANSWER_SECONDS / 2)  # it is on its way to the database
            assert await _seconds(asyncio.wait_for(open_until_here.aclose(), 30)) < GIVE_UP_SECONDS + SLACK
    assert not waiting.done()  # nobody was answered, so Sinch comes again
    waiting.cancel()


async def test_a_server_ends_though_the_database_hangs_while_it_reads(outage: Outage) -> None:
    async with AsyncExitStack() as open_until_here:
        intake = await open_until_here.enter_async_context(outage.intake())
        async with outage.database.transaction() as connection:
            await connection.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
            await send(outage, intake, 0)
            await outage.somebody_waits_for_a_lock()  # the reader, in the middle of its transaction
            with outage.frozen():
                closing = asyncio.wait_for(open_until_here.aclose(), 30)
                assert await _seconds(closing) < 2 * GIVE_UP_SECONDS + SLACK
    assert await outage.written() == ["0"]


async def test_who_waits_to_be_woken_ends_though_the_database_hangs(outage: Outage) -> None:
    woken = asyncio.Event()
    async with AsyncExitStack() as open_until_here:
        await open_until_here.enter_async_context(listening(outage.url, woken.set))
        await woken.wait()
        with outage.frozen():
            assert await _seconds(asyncio.wait_for(open_until_here.aclose(), 30)) < SLACK


async def test_idle_connections_are_cut_when_the_database_hangs(outage: Outage) -> None:
    async with AsyncExitStack() as open_until_here:
        database = await open_until_here.enter_async_context(open_database(outage.url))
        async with database.connection() as connection:
            await connection.fetchval("SELECT 1")
        with outage.frozen():
            closing = asyncio.wait_for(open_until_here.aclose(), 40)
            assert await _seconds(closing) < GIVE_UP_SECONDS + SLACK


async def _broken_door(outage: Outage) -> str:
    """The token of a second one, whose secret has gone from the store. No hand of ours does that."""
    integration = {**LEGACY, "name": "broken", "signing_secret": "gone"}
    files = [File("test", msgspec.json.encode(integration))]
    project_id = await outage.project_id()
    (change,) = await apply_definitions(outage.database, outage.box, project_id, read_definitions(files, {}), NOW)
    async with outage.database.connection() as connection:
        await connection.execute("DELETE FROM secrets WHERE reference LIKE '%broken%signing_secret%'")
    assert change.callback_token is not None
    return change.callback_token


@pytest.mark.parametrize("is_away", [False, True], ids=["as it comes", "into the spool"])
async def test_a_door_that_cannot_be_judged_holds_up_neither_its_neighbours_nor_what_comes_later(
    outage: Outage, is_away: bool
) -> None:
    broken = await _broken_door(outage)
    async with outage.intake() as intake:
        with pytest.raises(KeyError):
            await intake.take(broken, signed(message(0)), message(0))  # now the process remembers the door
        if is_away:
            outage.kill()
        for number in range(LANES + 1):
            at_once = intake.take(broken, signed(message(0)), message(0)), send(outage, intake, number)
            told, _ = await asyncio.wait_for(asyncio.gather(*at_once, return_exceptions=True), 20)
            assert isinstance(told, KeyError)  # the door says 503, so Sinch comes again
        if is_away:
            await outage.revive()
        await outage.replayed()
        assert await outage.written() == [str(number) for number in range(LANES + 1)]


class _Stumbling(Reach):
    """Fails where nobody thinks of it."""

    def lose(self, error: Exception) -> None:
        super().lose(error)
        raise RuntimeError("not even this works")


async def test_no_error_of_our_own_ends_the_intake(outage: Outage) -> None:
    spool = CallbackSpool(outage.folder / "spool", SPOOL_BYTES)
    reach = _Stumbling()
    intake = CallbackIntake(outage.database, Doors(outage.box), system_clock, spool, reach)
    working = asyncio.create_task(intake.run())
    await send(outage, intake, 0)
    outage.kill()
    for number in range(1, 2 * LANES + 1):
        reach.find()
        with pytest.raises(RuntimeError):
            await asyncio.wait_for(intake.take(outage.token, signed(message(number)), message(number)), 20)
    await send(outage, intake, 99)
    spool.seal()
    assert len(spool.sealed()) == 1
    working.cancel()


async def test_a_log_that_cannot_be_written_ends_nothing(outage: Outage) -> None:
    """The disk that is full for the database is full for the log, too."""
    variables = {"PARLEY_DATABASE_URL": outage.url, "PARLEY_SECRET_KEY": KEY}
    async with (
        serving(outage.folder, "--workers", "0", log=Path("/dev/full"), **variables) as (_, url),
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(20)) as sinch,
    ):
        outage.kill()
        for number in range(2 * LANES + 1):
            body = message(number)
            to = f"{url}/callbacks/sinch/{outage.token}"
            async with sinch.post(to, headers=signed(body), data=body) as answer:
                assert answer.status == 200
        await outage.revive()
        await outage.replayed()
    assert await outage.written() == [str(number) for number in range(2 * LANES + 1)]


async def test_more_at_once_than_all_lanes_take_are_answered_without_another_that_comes(outage: Outage) -> None:
    count = BATCH * LANES + BATCH // 2
    async with outage.intake() as intake, asyncio.timeout(20):
        await asyncio.gather(*(send(outage, intake, number) for number in range(count)))
    assert len(await outage.written()) == count


async def test_who_was_answered_waits_no_more(outage: Outage) -> None:
    async with outage.intake() as intake:
        for _ in range(WAITING // OTHERS):
            await asyncio.gather(*(intake.take("nobody", {}, b"") for _ in range(OTHERS)))
        await send(outage, intake, 1)


async def test_what_was_stored_is_read_at_once(outage: Outage) -> None:
    async with outage.intake() as intake:
        await send(outage, intake, 0)
        await outage.written()  # from here on the reader rests
        async with asyncio.timeout(IDLE_SECONDS / 2):
            await send(outage, intake, 1)
            assert await outage.written() == ["0", "1"]

"""Callbacks while the database is away: on disk before they are answered, in the database when it is back."""

import asyncio
import errno
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from prometheus_client import REGISTRY

from parley.api.app import create_app
from parley.domain.clock import system_clock
from parley.services.callback_doors import Doors
from parley.services.callback_intake import WAITING, CallbackIntake, ComeAgain, Outcome, Taken
from parley.services.callback_spool import (
    ASIDE,
    SEGMENTS,
    Arrival,
    CallbackSpool,
    Segment,
    SpoolFullError,
    read_segment,
    stock_of,
)
from parley.services.replay_callbacks import Reach
from tests.frame.processes import parley, serving
from tests.support.builders import NOW
from tests.support.serving import served
from tests.walks.outage import KEY, SPOOL_BYTES, Outage, message, send, signed
from tests.walks.walk import kept_headers


@pytest.fixture
def spools(tmp_path: Path) -> Iterator[tuple[CallbackSpool, CallbackSpool]]:
    """Two processes' on one folder."""
    both = CallbackSpool(tmp_path, 1000), CallbackSpool(tmp_path, 1000)
    yield both
    for one in both:
        one.seal()


def _arrival(number: int) -> Arrival:
    return Arrival(NOW + timedelta(milliseconds=number), "token", {}, message(number))


async def test_who_comes_after_the_last_that_can_wait_is_told_to_come_again(outage: Outage) -> None:
    spool = CallbackSpool(outage.folder / "spool", SPOOL_BYTES)
    intake = CallbackIntake(outage.database, Doors(outage.box), system_clock, spool, Reach())  # nobody stores
    waiting = [asyncio.create_task(intake.take("token", {}, b"")) for _ in range(WAITING)]
    await asyncio.sleep(0)
    outcome = await asyncio.wait_for(intake.take("token", {}, b""), 1)
    assert isinstance(outcome, ComeAgain)
    assert "Too many" in outcome.sentence
    assert not any(one.done() for one in waiting)
    for one in waiting:
        one.cancel()


async def test_nothing_is_lost_when_the_database_is_killed_under_load(outage: Outage) -> None:
    async with outage.intake() as intake, asyncio.TaskGroup() as sending:
        for number in range(900):
            sending.create_task(send(outage, intake, number))
            if number == 150:
                outage.kill()
            if number == 600:
                sending.create_task(outage.revive())
            await asyncio.sleep(1 / 300)  # the load itself: three hundred a second
    async with outage.intake():
        await outage.replayed()
    assert sorted(await outage.written(), key=int) == [str(number) for number in range(900)]


async def test_they_are_replayed_in_the_order_in_which_they_came(outage: Outage) -> None:
    async with outage.intake() as intake:
        await send(outage, intake, 0)
        outage.kill()
        for number in range(1, 251):
            await send(outage, intake, number)
        await outage.revive()
        await outage.replayed()
        assert await outage.written() == [str(number) for number in range(251)]


async def test_they_keep_the_time_at_which_they_came(outage: Outage) -> None:
    outage.kill()
    spool = CallbackSpool(outage.folder / "spool", SPOOL_BYTES)
    came = [NOW, NOW + timedelta(minutes=5)]
    for number, at in enumerate(came):
        spool.keep([Arrival(at, outage.token, kept_headers(signed(message(number))), message(number))])
    spool.seal()
    await outage.revive()
    async with outage.intake():
        await outage.replayed()
    async with outage.database.connection() as connection:
        rows = await connection.fetch("SELECT received_at FROM callbacks ORDER BY received_at")
    assert [row["received_at"] for row in rows] == came


async def test_the_same_callback_before_and_twice_during_an_outage_counts_once(outage: Outage) -> None:
    async with outage.intake() as intake:
        await send(outage, intake, 1)
        outage.kill()
        await asyncio.gather(*(send(outage, intake, 1) for _ in range(2)))
        await outage.revive()
        await outage.replayed()
        await send(outage, intake, 1)
    assert await outage.written() == ["1"]


async def test_a_false_signature_is_never_taken_and_never_refused_for_good_meanwhile(outage: Outage) -> None:
    async with outage.intake() as intake:
        await send(outage, intake, 1)
        outage.kill()
        await send(outage, intake, 2)
        told = await intake.take(outage.token, signed(message(3), "another secret"), message(3))
        assert isinstance(told, ComeAgain)


async def test_what_was_found_genuine_stays_so_when_the_secret_changes_before_the_replay(outage: Outage) -> None:
    async with outage.intake() as intake:
        await send(outage, intake, 1)
        outage.kill()
        await send(outage, intake, 2)
    await outage.revive()
    await outage.sign_with("another secret")
    async with outage.intake():
        await outage.replayed()
    assert await outage.written() == ["1", "2"]


async def test_what_could_not_be_checked_is_checked_at_replay(outage: Outage) -> None:
    outage.kill()
    async with outage.intake() as intake:  # it has never seen the door
        genuine, false = message(1), message(2)
        assert await intake.take(outage.token, signed(genuine), genuine) == Taken()
        assert await intake.take(outage.token, signed(false, "guess"), false) == Taken()
        assert await intake.take("nobody", {}, b"{}") == Taken()
        await outage.revive()
        await outage.replayed()
    assert await outage.written() == ["1"]


async def test_what_the_database_will_never_take_is_set_aside_and_holds_up_nobody(outage: Outage) -> None:
    outage.kill()
    async with outage.intake() as intake:
        assert await intake.take("nul \x00", {}, b"{}") == Taken()
        await send(outage, intake, 1)
        await outage.revive()
        await outage.replayed()
    (aside,) = (outage.folder / "spool").glob("*.aside")
    assert [one.token for one in read_segment(aside).arrivals] == ["nul \x00"]
    assert await outage.written() == ["1"]


@pytest.mark.parametrize("is_away", [False, True], ids=["as it comes", "out of the spool"])
async def test_what_nothing_can_be_made_of_is_kept_as_bytes_and_holds_up_nobody(outage: Outage, is_away: bool) -> None:
    await outage.refuse_events_that_say("2")
    async with outage.intake() as intake:
        if is_away:
            outage.kill()
        assert await asyncio.gather(*(_taken(outage, intake, number) for number in range(4))) == [Taken()] * 4
        if is_away:
            await outage.revive()
        await outage.replayed()
        assert await outage.written() == ["0", "1", "3"]
        ((body, unknown, problem),) = await outage.not_understood()
        assert (body, unknown) == (message(2), 1)
        assert "CheckViolationError" in problem
    assert list((outage.folder / "spool").glob("*.aside")) == []


async def _taken(outage: Outage, intake: CallbackIntake, number: int) -> Outcome:
    return await intake.take(outage.token, signed(message(number)), message(number))


async def test_what_cannot_even_be_sent_to_the_database_does_not_count_as_its_absence(outage: Outage) -> None:
    async with outage.intake() as intake:
        strange = {**signed(message(1)), "x-sinch-note": "\ud800"}  # no server hands in such a header
        with pytest.raises(asyncpg.DataError):
            await intake.take(outage.token, strange, message(1))
        await send(outage, intake, 2)
        assert await outage.written() == ["2"]
    assert list((outage.folder / "spool").glob("*.spool")) == []


async def test_a_full_spool_asks_to_come_again_and_keeps_what_it_took(outage: Outage) -> None:
    outage.kill()
    async with outage.intake(limit=40_000) as intake:
        outcomes = [await intake.take(outage.token, signed(message(n)), message(n)) for n in range(40)]
        taken = [str(number) for number, outcome in enumerate(outcomes) if outcome == Taken()]
        assert 0 < len(taken) < 40
        assert all(isinstance(outcome, Taken | ComeAgain) for outcome in outcomes)
        await outage.revive()
        await outage.replayed()
        assert await outage.written() == taken


async def test_a_server_whose_spool_is_full_loses_nothing_that_it_took(outage: Outage) -> None:
    """Over HTTP, one after another, so that the order in which they were taken is known."""
    variables = {"PARLEY_DATABASE_URL": outage.url, "PARLEY_SECRET_KEY": KEY, "PARLEY_SPOOL_BYTES": "40000"}
    async with (
        serving(outage.folder, "--workers", "0", log=None, **variables) as (_, url),
        aiohttp.ClientSession() as sinch,
    ):
        assert await _post(sinch, url, outage, 0) == 200
        outage.kill()
        told = {str(number): await _post(sinch, url, outage, number) for number in range(1, 201)}
        taken = [number for number, status in told.items() if status == 200]
        assert 0 < len(taken) < 200
        assert set(told.values()) == {200, 503}
        await outage.revive()
        await outage.replayed()
        assert await _post(sinch, url, outage, 201) == 200
    assert await outage.written() == ["0", *taken, "201"]


async def test_a_process_killed_while_it_spools_leaves_its_callbacks_to_another(outage: Outage) -> None:
    words = ("--workers", "0")
    variables = {"PARLEY_DATABASE_URL": outage.url, "PARLEY_SECRET_KEY": KEY}
    async with (
        serving(outage.folder, *words, log=None, **variables) as (first, first_url),
        serving(outage.folder, *words, log=None, **variables) as (_, second_url),
    ):
        outage.kill()
        async with aiohttp.ClientSession() as sinch:
            posts = [
                asyncio.create_task(_post(sinch, (first_url, second_url)[number % 2], outage, number))
                for number in range(300)
            ]
            await asyncio.wait(posts[:80])
            first.kill()
            taken = [str(number) for number, status in enumerate(await asyncio.gather(*posts)) if status == 200]
        assert {str(number) for number in range(1, 300, 2)} <= set(taken)  # all that the living process was sent
        await outage.revive()
        await outage.replayed()
    assert set(taken) <= set(await outage.written())


async def _post(sinch: aiohttp.ClientSession, url: str, outage: Outage, number: int) -> int | None:
    """The status, or None when nobody answered."""
    body = message(number)
    try:
        async with sinch.post(f"{url}/callbacks/sinch/{outage.token}", headers=signed(body), data=body) as answer:
            return answer.status
    except aiohttp.ClientError:
        return None


async def test_the_door_says_when_to_come_again(outage: Outage) -> None:
    outage.kill()
    async with outage.intake(limit=0) as intake, aiohttp.ClientSession() as sinch:
        app = create_app(
            database=outage.database, database_url=outage.url, clock=system_clock, box=outage.box, intake=intake
        )
        async with served(app) as url, sinch.post(f"{url}/callbacks/sinch/{outage.token}", data=message(1)) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


async def test_a_limit_that_is_no_number_is_told(tmp_path: Path) -> None:
    ended = await parley("migrate", "--data-dir", str(tmp_path), PARLEY_SPOOL_BYTES="lots")
    assert ended.code == 1
    assert "PARLEY_SPOOL_BYTES must be a number of bytes" in ended.err


def test_bytes_and_names_are_on_the_disk_before_anybody_is_answered(tmp_path: Path) -> None:
    synced: dict[int, int] = {}

    def sync(descriptor: int) -> None:
        file = os.fstat(descriptor)
        synced[file.st_ino] = file.st_size

    spool = CallbackSpool(tmp_path, SPOOL_BYTES, sync)
    for number in range(3):
        spool.keep([_arrival(number)])
        (segment,) = (path.stat() for path in tmp_path.glob(SEGMENTS))
        assert synced.pop(segment.st_ino) == segment.st_size
        assert list(synced) == ([tmp_path.stat().st_ino] if number == 0 else [])  # its name, when it was new
        synced.clear()
    spool.set_aside(_arrival(3))
    spool.seal()
    assert set(synced) == {path.stat().st_ino for path in (tmp_path, *tmp_path.glob(ASIDE))}


def test_after_a_disk_that_failed_it_goes_on_in_another_file(tmp_path: Path) -> None:
    broken = iter([False, False, True])

    def sync(_: int) -> None:
        if next(broken, False):
            raise OSError(errno.ENOSPC, "No space left on device")

    spool = CallbackSpool(tmp_path, SPOOL_BYTES, sync)
    spool.keep([_arrival(1)])
    with pytest.raises(OSError, match="No space left"):
        spool.keep([_arrival(2)])
    spool.keep([_arrival(3)])
    spool.seal()
    assert [read_segment(path).arrivals[-1] for path in spool.sealed()] == [_arrival(2), _arrival(3)]


def test_a_record_that_was_cut_short_ends_its_segment(tmp_path: Path) -> None:
    spool = CallbackSpool(tmp_path, SPOOL_BYTES)
    spool.keep([_arrival(1), _arrival(2)])
    spool.seal()
    (segment,) = spool.sealed()
    whole = segment.read_bytes()
    for length in range(len(whole) // 2, len(whole)):
        segment.write_bytes(whole[:length])
        assert read_segment(segment) == Segment([_arrival(1)], [])


def test_a_record_that_the_disk_has_changed_costs_itself_alone(tmp_path: Path) -> None:
    spool = CallbackSpool(tmp_path, SPOOL_BYTES)
    ends = []
    for number in range(4):
        spool.keep([_arrival(number)])
        ends.append(spool.size)
    spool.seal()
    (segment,) = spool.sealed()
    whole = segment.read_bytes()
    for place in range(*ends[:2]):
        segment.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        read = read_segment(segment)
        assert read.arrivals == [_arrival(0), _arrival(2), _arrival(3)]
        assert read.damage == [segment.read_bytes()[slice(*ends[:2])]]
    segment.write_bytes(whole[:-1] + b"?")
    read = read_segment(segment)
    assert read.arrivals == [_arrival(0), _arrival(1), _arrival(2)]
    assert len(read.damage) == 1
    segment.write_bytes(whole[:-1])
    assert read_segment(segment).damage == []  # cut short, so nobody was told that it is kept


async def test_what_the_disk_has_damaged_is_told_and_kept(outage: Outage) -> None:
    outage.kill()
    async with outage.intake() as intake:
        for number in range(3):
            await send(outage, intake, number)
    (segment,) = (outage.folder / "spool").glob(SEGMENTS)
    whole = segment.read_bytes()
    segment.write_bytes(whole[: len(whole) // 2] + b"?" + whole[len(whole) // 2 + 1 :])
    await outage.revive()
    async with outage.intake():
        await outage.replayed()
    assert await outage.written() == ["0", "2"]
    stock = stock_of(outage.folder / "spool", ASIDE)
    assert stock is not None
    assert stock.count == 1


def test_a_clock_that_is_set_back_leaves_the_order(spools: tuple[CallbackSpool, CallbackSpool]) -> None:
    hours = (0, -1, 1)
    for spool, hour in zip((*spools, spools[0]), hours, strict=True):
        spool.keep([Arrival(NOW + timedelta(hours=hour), "token", {}, b"{}")])
        spool.seal()
    replayed = [read_segment(path).arrivals[0].received_at - NOW for path in spools[0].sealed()]
    assert replayed == [timedelta(hours=hour) for hour in hours]


def test_a_segment_that_is_written_is_nobodys_to_replay(spools: tuple[CallbackSpool, CallbackSpool]) -> None:
    mine, other = spools
    mine.keep([_arrival(1)])
    assert other.sealed() == []
    mine.seal()
    assert len(other.sealed()) == 1


def test_only_one_process_replays(spools: tuple[CallbackSpool, CallbackSpool]) -> None:
    mine, other = spools
    with mine.replaying() as is_mine, other.replaying() as is_others:
        assert (is_mine, is_others) == (True, False)


def test_the_limit_is_for_all_processes_of_the_folder(spools: tuple[CallbackSpool, CallbackSpool]) -> None:
    mine, other = spools
    mine.keep([_arrival(1), _arrival(2)])
    with pytest.raises(SpoolFullError):
        other.keep([_arrival(3), _arrival(4)])


def test_the_metrics_tell_what_waits(spools: tuple[CallbackSpool, CallbackSpool], tmp_path: Path) -> None:
    spool, _ = spools
    for number in range(3):
        spool.keep([_arrival(number)])
        spool.measure(NOW + timedelta(seconds=60))
    values = [REGISTRY.get_sample_value(f"parley_callback_spool_{one}") for one in ("records", "age_seconds", "bytes")]
    assert values == [3, 60, sum(path.stat().st_size for path in tmp_path.iterdir())]

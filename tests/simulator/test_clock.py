"""Time that can be moved, and what is planned in it."""

import asyncio
from datetime import UTC, datetime, timedelta

from parley_simulator.agenda import Agenda
from parley_simulator.chance import Chance
from parley_simulator.clock import Clock, written
from parley_simulator.limits import Bucket

START = datetime(2026, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)


def test_it_jumps_and_keeps_its_speed() -> None:
    clock = Clock(START, speed=0.000001)
    clock.advance(3600)
    assert START + timedelta(hours=1) <= clock.now() < START + timedelta(hours=1, seconds=1)
    clock.set_speed(1000)
    assert clock.real_seconds_until(clock.now() + timedelta(seconds=1000)) <= 1


def test_it_plays_a_jump_in_order_with_each_due_time() -> None:
    clock = Clock(START, speed=0.000001)
    agenda = Agenda(clock)
    played: list[tuple[str, datetime]] = []
    done = asyncio.Event()
    one, two, three = (START + timedelta(seconds=seconds) for seconds in (1, 2, 3))

    def first(due: datetime) -> None:
        played.append(("first", due))
        agenda.at(due + timedelta(seconds=1), second)

    def second(due: datetime) -> None:
        played.append(("second", due))

    def third(due: datetime) -> None:
        played.append(("third", due))
        done.set()

    async def play() -> None:
        agenda.at(three, third)
        agenda.at(one, first)
        playing = asyncio.create_task(agenda.play())
        clock.advance(10)
        agenda.wake()
        await asyncio.wait_for(done.wait(), 5)
        playing.cancel()

    asyncio.run(play())
    assert played == [("first", one), ("second", two), ("third", three)]


def test_it_writes_none_to_nine_digits() -> None:
    assert written(START, 0) == "2026-05-01T10:00:00Z"
    assert written(START, 3) == "2026-05-01T10:00:00.123Z"
    assert written(START, 9) == "2026-05-01T10:00:00.123456000Z"


def test_a_bucket_refills_in_virtual_time() -> None:
    clock = Clock(START, speed=0.000001)
    bucket = Bucket(clock, 2, 1)
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    clock.advance(1.5)
    assert [bucket.take() for _ in range(2)] == [True, False]


def test_dice_repeat_by_seed_and_rest_when_calm() -> None:
    one, two = (Chance(5, calm=False) for _ in range(2))
    assert [one.ulid(START) for _ in range(3)] == [two.ulid(START) for _ in range(3)]
    calm = Chance(5, calm=True)
    assert not any(calm.happens(99) for _ in range(50))
    assert (calm.usually(1), calm.usually(0), calm.between(1, 3)) == (True, False, 2)

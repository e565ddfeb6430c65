"""A loop goes on whatever its step does, and is back at work seconds after the cause is gone. Time leaps here."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from parley.queue.loop import FAILING_SECONDS, IDLE_SECONDS, Loop
from parley.store.database import AWAY


class _Leaping(selectors.SelectSelector):
    """Nobody waits: whatever would be slept has passed."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


class _LeapingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now


def _run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=_LeapingLoop) as runner:
        runner.run(work)


async def _times(step: Callable[[int], Awaitable[int]], count: int, chance: float = 1.0) -> list[float]:
    """When each of so many steps began."""
    began: list[float] = []

    async def noted() -> int:
        began.append(asyncio.get_running_loop().time())
        if len(began) == count:
            loop.stop()
        return await step(len(began))

    loop = Loop("test", noted, lambda: chance)
    await loop.run()
    return began


async def _fail(_: int) -> int:
    raise OSError("away")


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_a_step_that_has_failed_for_an_hour_is_tried_again_within_seconds(chance: float) -> None:
    async def walk() -> None:
        began = await _times(_fail, 1_000, chance)
        waits = [then - now for now, then in pairwise(began)]
        assert began[-1] > 2_000
        assert waits == sorted(waits)
        assert FAILING_SECONDS / 2 <= max(waits) <= FAILING_SECONDS < 10

    _run(walk())


def test_a_single_failure_is_tried_again_after_a_second() -> None:
    async def walk() -> None:
        async def step(number: int) -> int:
            return await _fail(number) if number in (1, 3) else 1

        assert await _times(step, 5) == pytest.approx([0, 1, 1, 2, 2], abs=0.01)

    _run(walk())


def test_it_rests_when_nothing_is_due_and_not_else() -> None:
    async def walk() -> None:
        async def step(number: int) -> int:
            return 0 if number == 2 else 7

        assert await _times(step, 4) == pytest.approx([0, 0, IDLE_SECONDS, IDLE_SECONDS], abs=0.01)

    _run(walk())


def test_the_log_has_the_traceback_of_a_failure_once_and_of_another_at_once() -> None:
    async def walk() -> None:
        async def step(number: int) -> int:
            if number == 6:
                return 1
            raise ValueError(f"wrong {number}") if number != 3 else KeyError("worse")

        with capture_logs() as said:
            await _times(step, 7)
        told = [(line["failures"], line["error"], line["exc_info"]) for line in said if line["event"] == "step failed"]
        assert told == [
            (1, "ValueError('wrong 1')", True),
            (2, "ValueError('wrong 2')", False),
            (3, "KeyError('worse')", True),
            (4, "ValueError('wrong 4')", True),
            (5, "ValueError('wrong 5')", False),
            (1, "ValueError('wrong 7')", True),
        ]

    _run(walk())


@pytest.mark.parametrize("error", [ConnectionRefusedError("gone"), asyncpg.AdminShutdownError("end"), TimeoutError()])
def test_a_database_that_is_away_is_one_line_and_one_more_when_it_is_back(error: Exception) -> None:
    async def walk() -> None:
        async def step(number: int) -> int:
            if number < 6:
                raise error
            return 1

        with capture_logs() as said:
            await _times(step, 8)
        assert [(line["event"], line["log_level"], line["failures"]) for line in said] == [
            ("the database is away or busy", "warning", 1),
            ("at work again", "info", 5),
        ]
        assert not any(line.get("exc_info") for line in said)

    _run(walk())


def test_a_connection_that_is_confused_is_told_with_where_it_came_from() -> None:
    async def walk() -> None:
        async def step(_: int) -> int:
            raise asyncpg.InternalClientError("cannot switch to state 12")

        with capture_logs() as said:
            await _times(step, 2)
        assert [(line["event"], line["exc_info"]) for line in said][:1] == [("step failed", True)]

    _run(walk())
    assert issubclass(asyncpg.InternalClientError, AWAY)  # it is borne as the others: no row is to blame


def _unanswered(number: int) -> Exception:
    error = ValueError(f"{number} messages")
    error.__cause__ = ConnectionResetError("cut")
    return error


def test_so_it_is_where_that_is_the_cause_of_another_error() -> None:
    async def walk() -> None:
        async def step(number: int) -> int:
            raise _unanswered(number)

        with capture_logs() as said:
            await _times(step, 5)
        assert [(line["event"], line["failures"]) for line in said] == [("the database is away or busy", 1)]

    _run(walk())


def test_it_is_woken_out_of_a_rest() -> None:
    async def walk() -> None:
        began: list[float] = []

        async def step() -> int:
            began.append(asyncio.get_running_loop().time())
            return 0

        loop = Loop("test", step, lambda: 0.5, idle_seconds=1_000)
        running = asyncio.create_task(loop.run())
        for wake in (loop.wake, loop.stop):
            await asyncio.sleep(10)
            wake()
        await running
        assert began == pytest.approx([0, 10], abs=0.01)

    _run(walk())

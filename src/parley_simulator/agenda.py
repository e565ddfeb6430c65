"""What will happen when: one heap of due actions, played by one task in virtual time."""

import asyncio
import contextlib
import heapq
from collections.abc import Callable
from datetime import datetime

from parley_simulator.clock import Clock

Action = Callable[[datetime], None]

AGENDA_CEILING = 2_000_000
TURNS_PER_BREATH = 200  # actions played before the loop may serve a request again
LONGEST_NAP = 60.0  # real seconds


class AgendaFullError(RuntimeError):
    """The simulator has more planned than it can remember."""


class Agenda:
    """Actions by due time. An action gets its own due time, so that a jump of the clock keeps order and gaps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[datetime, int, Action]] = []
        self._count = 0
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, due: datetime, action: Action) -> None:
        """Plan an action. Raises `AgendaFullError` beyond the ceiling."""
        if len(self._heap) >= AGENDA_CEILING:
            raise AgendaFullError
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, action))
        self._news.set()

    def wake(self) -> None:
        """The clock was moved: look again."""
        self._news.set()

    def clear(self) -> None:
        """Forget everything planned."""
        self._heap.clear()

    async def play(self) -> None:
        """Run for ever: play what is due, then nap until the next due time or news."""
        while True:
            await self._nap()
            self._play_some()
            await asyncio.sleep(0)

    async def _nap(self) -> None:
        self._news.clear()
        pause = self._clock.real_seconds_until(self._heap[0][0]) if self._heap else LONGEST_NAP
        if pause > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(pause, LONGEST_NAP))

    def _play_some(self) -> None:
        for _ in range(TURNS_PER_BREATH):
            if not self._heap or self._heap[0][0] > self._clock.now():
                return
            due, _, action = heapq.heappop(self._heap)
            action(due)

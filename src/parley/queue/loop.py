"""A loop that does what is due, sleeps until something may be, and stops when it is told."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from parley.queue.backoff import delay
from parley.store.database import is_away

IDLE_SECONDS = 1.0
"""Looks at least this often, in case a wake-up was lost with its connection."""
FAILING_SECONDS = 5.0
"""A step that fails is tried again after so long at the latest. It asks our own database, which a try every few seconds
costs nothing; what goes out to a provider is claimed there first and waits for its own time. All that is due when the
database is back waits for this: lost messages, a STOP that journeys follow, a campaign's hour.
"""

Step = Callable[[], Awaitable[int]]
"""Does some of what is due and says how much it did; 0: nothing is due."""

_Kind = frozenset[type[BaseException]]


class Loop:
    """Calls `step` again and again. An error is logged, waited out with back-off, and never ends the loop.

    The log has its traceback once; a line for each try that ends in an error of the same types. That the database is
    away is a line without one, once for each way of being away. That all is well again is told, too.
    """

    def __init__(self, name: str, step: Step, chance: Callable[[], float], idle_seconds: float = IDLE_SECONDS) -> None:
        self.name = name
        self._step = step
        self._chance = chance
        self._idle_seconds = idle_seconds
        self._woken = asyncio.Event()
        self._stopping = False
        self._failures = 0
        self._kind: _Kind | None = None
        self._log = structlog.get_logger().bind(loop=name)

    def wake(self) -> None:
        """Something may be due now."""
        self._woken.set()

    def stop(self) -> None:
        """Ends after the step that runs."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Until `stop`."""
        while not self._stopping:
            self._woken.clear()
            if await self._one_step() == 0:
                await self._sleep(self._idle_seconds)

    async def _one_step(self) -> int:
        try:
            done = await self._step()
        except Exception as error:  # noqa: BLE001  whatever it was, later work must still be done: logged and retried
            self._tell(error)
            await self._sleep(delay(self._failures, self._chance(), FAILING_SECONDS))
            return 1
        if self._failures:
            self._log.info("at work again", failures=self._failures)
        self._failures, self._kind = 0, None
        return done

    def _tell(self, error: Exception) -> None:
        self._failures += 1
        kind = _kind(error)
        is_new, self._kind = kind != self._kind, kind
        if not is_away(error):
            self._log.exception("step failed", failures=self._failures, error=repr(error), exc_info=is_new)
        elif is_new:
            self._log.warning("the database is away or busy", failures=self._failures, error=repr(error))

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return


def _kind(error: BaseException) -> _Kind:
    """The types of an error and of its cause: their texts have counts in them that change."""
    cause = error.__cause__
    return frozenset({type(error)}) | (_kind(cause) if cause is not None else frozenset())

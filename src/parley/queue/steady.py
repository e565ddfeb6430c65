"""A clock for what lasts within one process: it never steps, whatever happens to the machine's, and where the platform
has one it goes on while the machine sleeps.
"""

import time
from datetime import datetime, timedelta

from parley.domain.clock import system_clock

_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux's. `time.monotonic` stands still there while the machine sleeps."""


def steady_seconds() -> float:
    """Since some moment in the past, the same one throughout the process."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


_BEGAN, _THEN = system_clock(), steady_seconds()


def steady_clock() -> datetime:
    """The time at this process's start, plus what has passed since. For lifetimes, never for what is stored."""
    return _BEGAN + timedelta(seconds=steady_seconds() - _THEN)

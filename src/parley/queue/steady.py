"""A clock for what lasts within one process: it never steps, whatever happens to the machine's."""

import time
from datetime import datetime, timedelta

from parley.domain.clock import system_clock

_BEGAN, _THEN = system_clock(), time.monotonic()


def steady_clock() -> datetime:
    """The time at this process's start, plus what has passed since. For lifetimes, never for what is stored."""
    return _BEGAN + timedelta(seconds=time.monotonic() - _THEN)

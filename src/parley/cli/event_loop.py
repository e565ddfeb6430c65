"""The event loop under every command: uvloop where there is one (not on Windows), else Python's own."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

try:
    from uvloop import new_event_loop
except ImportError:
    from asyncio import new_event_loop  # type: ignore[assignment]  # the same to call; their loops have no common name

T = TypeVar("T")

ALLOCATIONS = 20_000
"""Objects more than before, after which young ones are looked through. A claim of 200 messages makes some twelve
thousand and lets go of them by itself; looking through them was 7 µs a message."""


def run_to_end(story: Coroutine[Any, Any, T]) -> T:
    """As asyncio.run. What has been imported by now stays, so the garbage collector need not look at it again."""
    gc.freeze()
    gc.set_threshold(ALLOCATIONS)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(story)

"""A provider that answers every send at once and then tells its story: queued, delivered, read.

    python -m bench.support.calling_provider PORT

Of Sinch's Conversation API. `POST /callback-address` says where to call; a message's reports go one after another, as
many messages at once as there are lines. It is made to cost little: it shares the machine with what is measured.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec
from granian import Granian
from granian.constants import Interfaces

from bench.support.callbacks import STORY, Sinch
from bench.support.provider import answer as answer_as_provider
from bench.support.raw_load import FINE, Line, address_of, written
from parley.domain.clock import system_clock
from parley.domain.http import HttpRequest

LINES = 200
"""As many as a sender has calls under way, so that not the provider sets the pace."""


class _Send(msgspec.Struct, frozen=True):
    message_metadata: str


class _Office:
    """Tells of each send that was answered, a report after the other. A line carries one message's story at a time."""

    def __init__(self) -> None:
        self._sent: deque[str] = deque()
        self._idle: deque[Line] = deque()
        self._stories: dict[Line, Iterator[HttpRequest]] = {}
        self._sinch: Sinch

    async def open(self, url: str) -> None:
        self._sinch = Sinch(url, system_clock)
        (report,) = self._sinch.reports([""], STORY[0])
        loop = asyncio.get_running_loop()
        opened = [await loop.create_connection(lambda: Line(self), *address_of(report)) for _ in range(LINES)]
        self._idle.extend(line for _, line in opened)

    def take(self, sent: _Send) -> None:
        self._sent.append(sent.message_metadata)
        if self._idle:
            self._begin(self._idle.popleft())

    def answered(self, line: Line, due: float, data: bytes) -> None:
        """The next report of that message; then the next message."""
        if not data.startswith(FINE):
            self.fail(AssertionError(data[:500]))
        report = next(self._stories[line], None)
        if report is not None:
            line.send(written(report), due)
        elif self._sent:
            self._begin(line)
        else:
            self._idle.append(line)

    def fail(self, error: Exception) -> None:
        """In the middle of a story the bench ends; at its end the server goes first, and all lines with it."""
        if len(self._idle) < LINES:
            sys.exit(f"the calling provider cannot call: {error!r}")

    def _begin(self, line: Line) -> None:
        ident = self._sent.popleft()
        self._stories[line] = (report for status in STORY for report in self._sinch.reports([ident], status))
        line.send(written(next(self._stories[line])), 0.0)


_office = _Office()


async def answer(scope: Any, protocol: Any) -> None:
    """One RSGI call."""
    if scope.path == "/callback-address":
        await _office.open((await protocol()).decode())
        protocol.response_empty(204, [])
        return
    asked = await answer_as_provider(scope, protocol)
    if scope.path.endswith("messages:send"):
        _office.take(msgspec.json.decode(asked, type=_Send))


if __name__ == "__main__":
    Granian(
        "bench.support.calling_provider:answer",
        port=int(sys.argv[1]),
        interface=Interfaces.RSGI,
        workers=1,
        log_enabled=False,
    ).serve()

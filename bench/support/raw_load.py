"""A load program that costs next to nothing: requests written beforehand, sent over plain sockets, timed.

The client of `load.py` takes more of the machine than a fast server does; where both share two cores, that is what
would be measured.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from statistics import quantiles
from typing import Protocol, cast
from urllib.parse import urlsplit

import msgspec

from bench.support.load import PATIENCE_SECONDS, Load
from parley.domain.http import HttpRequest

FINE = (b"HTTP/1.1 200 ", b"HTTP/1.1 201 ", b"HTTP/1.1 204 ")


class Timed(msgspec.Struct, frozen=True):
    """What an even stream of requests met: how long each took from the moment when it was due."""

    requests: int
    seconds: float
    took: list[float]

    def share_above(self, seconds: float) -> float:
        """Of the requests that took longer."""
        return sum(one > seconds for one in self.took) / len(self.took)

    def at(self, percent: int) -> float:
        """So many of a hundred took at most these seconds."""
        return quantiles(self.took, n=100)[percent - 1]


class Caller(Protocol):
    """Who sends by lines."""

    def answered(self, line: "Line", due: float, data: bytes) -> None:
        """What came, of the request that was due then."""

    def fail(self, error: Exception) -> None:
        """A connection is gone."""


class Line(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._due = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is of no common class

    def data_received(self, data: bytes) -> None:
        """An answer of these servers is short and comes in one piece; anything else fails the bench."""
        self._caller.answered(self, self._due, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._caller.fail(exc or ConnectionError("the server has closed a connection"))

    def send(self, request: bytes, due: float) -> None:
        """`due` by `time.perf_counter`."""
        self._due = due
        self._transport.write(request)

    def close(self) -> None:
        self._transport.abort()


class RawLoad:
    """Made by `send_all_raw` and `send_evenly`."""

    def __init__(self, requests: Iterable[HttpRequest], rate: float | None) -> None:
        self._requests = deque(written(one) for one in requests)
        self._rate = rate
        self._idle: deque[Line] = deque()
        self._due: deque[float] = deque()
        self._took: list[float] = []
        self._wanted = len(self._requests)
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, address: tuple[str, int], lines: int) -> Timed:
        """Opens the connections, then sends."""
        loop = asyncio.get_running_loop()
        opened = [await loop.create_connection(lambda: Line(self), *address) for _ in range(lines)]
        self._idle.extend(line for _, line in opened)
        started = time.perf_counter()
        pacing = asyncio.create_task(self._pace(started))
        planned = self._wanted / self._rate if self._rate else 0.0
        await asyncio.wait_for(self._done, planned + PATIENCE_SECONDS)
        seconds = time.perf_counter() - started
        await pacing
        for _, line in opened:
            line.close()
        return Timed(len(self._took), seconds, self._took)

    def answered(self, line: Line, due: float, data: bytes) -> None:
        """The next request may use that connection."""
        self._took.append(time.perf_counter() - due)
        if not data.startswith(FINE):
            self.fail(AssertionError(data[:500]))
        self._idle.append(line)
        self._send()
        if len(self._took) == self._wanted and not self._done.done():
            self._done.set_result(None)

    def fail(self, error: Exception) -> None:
        """The bench ends."""
        if not self._done.done():
            self._done.set_exception(error)

    async def _pace(self, started: float) -> None:
        """With a rate, each is due at its time, whatever became of those before. Without, all are due at once."""
        for number in range(self._wanted):
            due = started if self._rate is None else started + number / self._rate
            if due > time.perf_counter():
                await asyncio.sleep(TICK_SECONDS)
            self._due.append(due)
            self._send()

    def _send(self) -> None:
        while self._due and self._idle:
            due = self._due.popleft()
            self._idle.popleft().send(self._requests.popleft(), time.perf_counter() if self._rate is None else due)


TICK_SECONDS = 0.002
"""An even stream is sent in steps of this size: a timer for each request would cost as much as the request."""


async def send_all_raw(requests: Iterable[HttpRequest], at_once: int) -> Load:
    """Every request once, `at_once` of them under way; anything but a 2xx ends the bench."""
    whole = list(requests)
    timed = await RawLoad(whole, None).run(address_of(whole[0]), at_once)
    return Load(timed.requests, timed.seconds, timed.at(50) * 1000, timed.at(99) * 1000)


async def send_evenly(requests: Iterable[HttpRequest], rate: float, lines: int) -> Timed:
    """So many a second, whether or not the server keeps up; `lines` is the most that are under way."""
    whole = list(requests)
    return await RawLoad(whole, rate).run(address_of(whole[0]), lines)


def address_of(request: HttpRequest) -> tuple[str, int]:
    """Host and port."""
    url = urlsplit(request.url)
    assert url.hostname is not None
    assert url.port is not None
    return url.hostname, url.port


def written(request: HttpRequest) -> bytes:
    """As it goes over the wire."""
    url = urlsplit(request.url)
    lines = [f"{request.method} {url.path} HTTP/1.1", f"host: {url.netloc}", f"content-length: {len(request.body)}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    return "\r\n".join([*lines, "", ""]).encode() + request.body

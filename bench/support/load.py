"""Sends many requests at once and takes the time of each."""

import asyncio
import time
from collections.abc import Iterable
from statistics import quantiles

import msgspec

from parley.domain.http import HttpRequest
from parley.providers.http import HttpClient

PATIENCE_SECONDS = 60.0
"""A request that takes longer fails the bench."""


class Load(msgspec.Struct, frozen=True):
    """What a round of requests took."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


async def send_all(client: HttpClient, requests: Iterable[HttpRequest], at_once: int) -> Load:
    """Every request once, `at_once` of them under way; anything but a 2xx ends the bench."""
    waiting = iter(requests)
    taken: list[float] = []

    async def send_some() -> None:
        for request in waiting:
            started = time.perf_counter()
            answer = await client.send(request, PATIENCE_SECONDS)
            taken.append(time.perf_counter() - started)
            assert 200 <= answer.status < 300, (answer.status, answer.body[:300])

    started = time.perf_counter()
    await asyncio.gather(*(send_some() for _ in range(at_once)))
    seconds = time.perf_counter() - started
    cuts = quantiles(taken, n=100)
    return Load(len(taken), seconds, cuts[49] * 1000, cuts[98] * 1000)

"""One round of a way out: how fast it was, and what it took."""

from itertools import repeat

import msgspec

from bench.support.cpu import Processors
from bench.support.load import send_all
from parley.domain.http import HttpRequest
from parley.providers.http import CONNECTIONS, HttpClient


class Round(msgspec.Struct, frozen=True):
    """Of our way, or of the pump."""

    per_second: float
    busy: float
    """Which part of all processors' time was used, from 0 to 1."""
    cpu: dict[str, float] = {}
    """Microseconds of each program for each message."""


async def pump(client: HttpClient, request: HttpRequest, messages: int) -> Round:
    """The floor: the same request so often, as many at once as a sender may, without a database."""
    processors = Processors()
    load = await send_all(client, repeat(request, messages), CONNECTIONS)
    return Round(load.per_second, processors.busy())

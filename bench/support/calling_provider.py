"""A provider that answers every send at once and then tells its story: queued, delivered, read.

    python -m bench.support.calling_provider PORT

Of Sinch's Conversation API. `POST /callback-address` says where to call; a message's reports go one after another, as
many messages at once as there are callers.
"""

import asyncio
import sys
from typing import Any

import msgspec
from granian import Granian
from granian.constants import Interfaces

from bench.support.callbacks import STORY, Sinch
from bench.support.provider import answer as answer_as_provider
from parley.domain.clock import system_clock
from parley.providers.http import HttpClient

CALLERS = 50
PATIENCE_SECONDS = 30.0


class _Send(msgspec.Struct, frozen=True):
    message_metadata: str


class _Office:
    """Sends that have been answered and not been told of yet."""

    def __init__(self) -> None:
        self._sent: asyncio.Queue[str] = asyncio.Queue()
        self._callers: list[asyncio.Task[None]] = []

    def open(self, url: str) -> None:
        sinch = Sinch(url, system_clock)
        client = HttpClient(connections=CALLERS)
        self._callers = [asyncio.create_task(self._call(client, sinch)) for _ in range(CALLERS)]

    def take(self, sent: _Send) -> None:
        self._sent.put_nowait(sent.message_metadata)

    async def _call(self, client: HttpClient, sinch: Sinch) -> None:
        while True:
            ident = await self._sent.get()
            for status in STORY:
                (report,) = sinch.reports([ident], status)
                answered = await client.send(report, PATIENCE_SECONDS)
                assert answered.status == 200, answered.body


_office = _Office()


async def answer(scope: Any, protocol: Any) -> None:
    """One RSGI call."""
    if scope.path == "/callback-address":
        _office.open((await protocol()).decode())
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

"""The real application behind real HTTP, on a free port of the loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

STARTS_WITHIN_SECONDS = 10.0
STOPS_WITHIN_SECONDS = 10.0


@asynccontextmanager
async def served(app: Callable[..., Any]) -> AsyncIterator[str]:
    """Serves an ASGI app in this loop and gives its base URL."""
    port = _free_port()
    server = Server(app, "127.0.0.1", port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
    started = asyncio.Event()
    server.on_startup(started.set)
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.wait_for(started.wait(), STARTS_WITHIN_SECONDS)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait_for(serving, STOPS_WITHIN_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

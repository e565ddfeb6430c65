"""The real application behind real HTTP, on a free port of the loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.fernet import Fernet
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar.types import ASGIApp

from parley.api.app import create_app
from parley.domain.clock import Clock, system_clock
from parley.services.callback_intake import open_intake
from parley.services.secret_box import SecretBox
from parley.store.database import Database

STARTS_WITHIN_SECONDS = 10.0
STOPS_WITHIN_SECONDS = 10.0
SPOOL_BYTES = 10_000_000


@asynccontextmanager
async def app_on(database: Database, database_url: str, clock: Clock = system_clock) -> AsyncIterator[ASGIApp]:
    """The application with all its doors, and what works behind the one for callbacks."""
    box = SecretBox(Fernet.generate_key().decode())
    with TemporaryDirectory() as folder:
        async with open_intake(database, box, clock, Path(folder), SPOOL_BYTES) as intake:
            yield create_app(database=database, database_url=database_url, clock=clock, box=box, intake=intake)


@asynccontextmanager
async def served(app: Callable[..., Any]) -> AsyncIterator[str]:
    """Serves an ASGI app in this loop and gives its base URL."""
    with _own_port() as port:
        server = Server(app, "127.0.0.1", port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
        started = asyncio.Event()
        server.on_startup(started.set)
        serving = asyncio.create_task(server.serve())
        try:
            await asyncio.wait_for(started.wait(), STARTS_WITHIN_SECONDS)
            await asyncio.wait_for(_listening(port), STARTS_WITHIN_SECONDS)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.stop()  # type: ignore[no-untyped-call]
            await asyncio.wait_for(serving, STOPS_WITHIN_SECONDS)


async def _listening(port: int) -> None:
    """Granian tells of its start a moment before it listens."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            await writer.wait_closed()
            return


@contextmanager
def _own_port() -> Iterator[int]:
    """A free one that stays ours: Granian listens also where another server does, and each gets some of the calls."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # or Granian could not listen there, too
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        yield port
